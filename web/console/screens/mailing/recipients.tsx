import { NativeSelect, Stack } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useState } from 'react';

import { type MessageStatus, RecipientsDocument } from '../../gql/graphql';
import { Nothing } from '../../parts/nothing';
import { Records } from '../../parts/records';
import { usePages } from '../../parts/use-pages';
import { usePolled } from '../../parts/use-polled';
import { STATUSES } from '../../parts/words';
import { Attempts } from './attempts';
import { MESSAGE_COLUMNS, MessageRow } from './message-row';

const POLL_SECONDS = 5;

export function Recipients({ id }: { id: string }) {
  const pages = usePages();
  const [status, setStatus] = useState<MessageStatus | ''>('');
  const [open, setOpen] = useState<string | null>(null);
  const variables = { id, after: pages.after, statuses: status ? [status] : null };
  const [{ data, error }, ask] = usePolled(RecipientsDocument, variables, POLL_SECONDS);
  return (
    <Stack gap="sm">
      <NativeSelect
        w={220}
        aria-label="Status of messages"
        value={status}
        onChange={(event) => {
          pages.first();
          setStatus(event.currentTarget.value as MessageStatus);
        }}
        data={[
          { value: '', label: 'Every status' },
          ...Object.entries(STATUSES).map(([value, { label }]) => ({ value, label })),
        ]}
      />
      <Records
        found={data?.mailing?.messages}
        error={error}
        onRetry={ask}
        pages={pages}
        label="Recipients"
        columns={MESSAGE_COLUMNS}
        nothing={
          <Nothing icon={<IconUsers />} title={status ? 'None has this status' : 'No messages yet'}>
            Messages are made when the mailing starts, one for each recipient and channel.
          </Nothing>
        }
      >
        {(message) => <MessageRow key={message.id} message={message} onOpen={() => setOpen(message.id)} />}
      </Records>
      {open && <Attempts id={open} onClose={() => setOpen(null)} />}
    </Stack>
  );
}
