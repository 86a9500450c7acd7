import { Button, Table, Text } from '@mantine/core';

import type { Channel, MessageStatus } from '../../gql/graphql';
import { Moment } from '../../parts/moment';
import { MessageBadge } from '../../parts/status';
import { CHANNELS } from '../../parts/words';

interface Given {
  message: {
    address: string;
    channel: Channel;
    status: MessageStatus;
    why: string;
    sentAt?: string | null;
    dueAt: string;
    attemptCount: number;
  };
  onOpen: () => void;
}

export const MESSAGE_COLUMNS = ['Address', 'Status', 'Why', 'Sent or due', 'Attempts'];

/** One recipient's message, and the way to its attempts. */
export function MessageRow({ message, onOpen }: Given) {
  return (
    <Table.Tr>
      <Table.Td className="words">
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
          onClick={onOpen}
        >
          {message.attemptCount}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
