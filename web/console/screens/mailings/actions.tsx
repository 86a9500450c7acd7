import { ActionIcon, Group, Menu, Tooltip } from '@mantine/core';
import {
  IconCopy,
  IconDots,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconTrash,
} from '@tabler/icons-react';
import { useState } from 'react';

import {
  CancelMailingDocument,
  DeleteMailingDocument,
  type MailingStatus,
  PauseMailingDocument,
  ResumeMailingDocument,
} from '../../gql/graphql';
import { Confirm } from '../../parts/confirm';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';
import { Clone } from './clone';

interface Given {
  mailing: { id: string; name: string; status: MailingStatus };
  onChange: () => void;
  onGone?: () => void;
}

interface Act {
  run(variables: { input: { id: string } }): Promise<unknown>;
}

type Asked = 'cancel' | 'delete' | 'clone';

const OVER: MailingStatus[] = ['FINISHED', 'CANCELLED'];

/** What can be done to a mailing now. */
export function Actions({ mailing, onChange, onGone = onChange }: Given) {
  const { id, name, status } = mailing;
  const [asked, ask] = useState<Asked | null>(null);
  const pause = useChange(PauseMailingDocument);
  const resume = useChange(ResumeMailingDocument);
  const cancel = useChange(CancelMailingDocument);
  const remove = useChange(DeleteMailingDocument);

  const act = async (change: Act, said: string, then = onChange) => {
    if (await change.run({ input: { id } })) {
      tell.done(said);
      then();
    }
    ask(null);
  };
  const refused = [pause, resume, cancel, remove].flatMap((change) => change.rest([]))[0];
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      {refused && <span role="alert">{refused.message}</span>}
      {status === 'PAUSED' && (
        <Tooltip label="Resume">
          <ActionIcon
            variant="light"
            aria-label={`Resume ${name}`}
            loading={resume.busy}
            onClick={() => act(resume, `“${name}” goes on`)}
          >
            <IconPlayerPlay size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      {(status === 'RUNNING' || status === 'SCHEDULED') && (
        <Tooltip label="Pause">
          <ActionIcon
            variant="light"
            aria-label={`Pause ${name}`}
            loading={pause.busy}
            onClick={() => act(pause, `“${name}” is paused`)}
          >
            <IconPlayerPause size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`More for ${name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => ask('clone')}>
            Clone
          </Menu.Item>
          <Menu.Item
            leftSection={<IconPlayerStop size={16} />}
            disabled={OVER.includes(status)}
            onClick={() => ask('cancel')}
          >
            Cancel
          </Menu.Item>
          <Menu.Item color="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} onClick={() => ask('delete')}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked === 'clone' && <Clone mailing={mailing} onClose={() => ask(null)} onDone={onChange} />}
      {asked === 'cancel' && (
        <Confirm
          title={`Cancel “${name}”?`}
          verb="Cancel the mailing"
          danger
          busy={cancel.busy}
          onClose={() => ask(null)}
          onConfirm={() => act(cancel, `“${name}” is cancelled`)}
        >
          What has not left stays unsent. A cancelled mailing cannot go on; a paused one can.
        </Confirm>
      )}
      {asked === 'delete' && (
        <Confirm
          title={`Delete “${name}”?`}
          verb="Delete the mailing"
          danger
          busy={remove.busy}
          onClose={() => ask(null)}
          onConfirm={() => act(remove, `“${name}” is deleted`, onGone)}
        >
          It leaves the list and what has not left stays unsent. What was sent stays in the history.
        </Confirm>
      )}
    </Group>
  );
}
