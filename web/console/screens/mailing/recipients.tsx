import { Button, NativeSelect, Stack, Table, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useState } from 'react';

import { type MessageStatus, RecipientsDocument } from '../../gql/graphql';
import { Failed } from '../../parts/failed';
import { Listing } from '../../parts/listing';
import { Loading } from '../../parts/loading';
import { Moment } from '../../parts/moment';
import { Nothing } from '../../parts/nothing';
import { Pager } from '../../parts/pager';
import { MessageBadge } from '../../parts/status';
import { usePages } from '../../parts/use-pages';
import { usePolled } from '../../parts/use-polled';
import { CHANNELS, STATUSES } from '../../parts/words';
import { Attempts } from './attempts';

const POLL_SECONDS = 5;

export function Recipients({ id }: { id: string }) {
  const pages = usePages();
  const [status, setStatus] = useState<MessageStatus | ''>('');
  const [open, setOpen] = useState<string | null>(null);
  const variables = { id, after: pages.after, statuses: status ? [status] : null };
  const [{ data, error }, ask] = usePolled(RecipientsDocument, variables, POLL_SECONDS);
  const found = data?.mailing?.messages;
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
      {error && <Failed error={error} onRetry={ask} />}
      {!found && !error && <Loading />}
      {found?.nodes.length === 0 && (
        <Nothing icon={<IconUsers />} title={status ? 'None has this status' : 'No messages yet'}>
          Messages are made when the mailing starts, one for each recipient and channel.
        </Nothing>
      )}
      {found && found.nodes.length > 0 && (
        <>
          <Listing label="Recipients" columns={['Address', 'Status', 'Why', 'Sent or due', 'Attempts']}>
            {found.nodes.map((message) => (
              <Table.Tr key={message.id}>
                <Table.Td>
                  {message.address}
                  <Text size="xs" c="dimmed">
                    {CHANNELS[message.channel]}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <MessageBadge status={message.status} />
                </Table.Td>
                <Table.Td className="words">{message.why || '—'}</Table.Td>
                <Table.Td>
                  <Moment at={message.sentAt ?? message.dueAt} />
                </Table.Td>
                <Table.Td>
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    aria-label={`Attempts to reach ${message.address}: ${message.attemptCount}`}
                    onClick={() => setOpen(message.id)}
                  >
                    {message.attemptCount}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
          <Pager pages={pages} info={found.pageInfo} />
        </>
      )}
      {open && <Attempts id={open} onClose={() => setOpen(null)} />}
    </Stack>
  );
}
