import { Paper, Table, Text, Title } from '@mantine/core';

import { count } from '../../parts/format';
import { MessageBadge } from '../../parts/status';
import { CHANNELS, TROUBLES } from '../../parts/words';
import type { Line } from './days';

/** Failures by what became of them and by channel, most first. */
export function Reasons({ lines, days }: { lines: Line[]; days: number }) {
  const rows = TROUBLES.flatMap((status) =>
    Object.keys(CHANNELS).map((channel) => ({
      status,
      channel: channel as keyof typeof CHANNELS,
      messages: lines
        .filter((line) => line.status === status && line.channel === channel)
        .reduce((all, line) => all + line.messages, 0),
    })),
  )
    .filter((row) => row.messages > 0)
    .sort((a, b) => b.messages - a.messages);
  return (
    <Paper withBorder p="md" h="100%" component="section" aria-label="Failures">
      <Title order={2} size="h5" mb="sm">
        Failures by reason in {days} days
      </Title>
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed">
          None. What fails, expires or may have got lost is counted here by channel.
        </Text>
      ) : (
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Reason</Table.Th>
              <Table.Th>Channel</Table.Th>
              <Table.Th className="number">Messages</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.status + row.channel}>
                <Table.Td>
                  <MessageBadge status={row.status} />
                </Table.Td>
                <Table.Td>{CHANNELS[row.channel]}</Table.Td>
                <Table.Td className="number">{count(row.messages)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Paper>
  );
}
