import { ActionIcon, Group } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { AnyVariables } from 'urql';

import { Confirm } from './confirm';
import { LeftOver } from './left-over';
import { tell } from './tell';
import type { Change } from './use-change';

interface Given<D, V> {
  name: string;
  /** What it is, as in “the contact”. */
  what: string;
  onEdit: () => void;
  /** Without one it can't be deleted. */
  remove?: { change: Change<D, V>; variables: V; after: ReactNode } | undefined;
  onDone: () => void;
}

/** What can be done with one row of a list. */
export function RowActions<D, V extends AnyVariables>({ name, what, onEdit, remove, onDone }: Given<D, V>) {
  const [asked, ask] = useState(false);
  const confirm = async () => {
    if (!remove || !(await remove.change.run(remove.variables))) return;
    tell.done(`${name} is deleted`);
    ask(false);
    onDone();
  };
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      <ActionIcon variant="subtle" color="gray" aria-label={`Edit ${name}`} onClick={onEdit}>
        <IconPencil size={16} />
      </ActionIcon>
      {remove && (
        <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${name}`} onClick={() => ask(true)}>
          <IconTrash size={16} />
        </ActionIcon>
      )}
      {asked && remove && (
        <Confirm
          title={`Delete ${name}?`}
          verb={`Delete ${what}`}
          danger
          busy={remove.change.busy}
          onClose={() => ask(false)}
          onConfirm={confirm}
        >
          <LeftOver errors={remove.change.rest([])} />
          {remove.after}
        </Confirm>
      )}
    </Group>
  );
}
