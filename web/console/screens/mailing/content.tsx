import { Paper, Stack, Table, Text } from '@mantine/core';

import type { MailingQuery } from '../../gql/graphql';
import { CHANNELS } from '../../parts/words';
import { whom } from '../compose/chosen';

type Shown = NonNullable<MailingQuery['mailing']>;

/** What it says and to whom. */
export function Content({ mailing }: { mailing: Shown }) {
  const rows: [string, string][] = [
    ['Channels', mailing.channels.map((one) => CHANNELS[one]).join(', ')],
    ['To', whom(mailing.audience)],
    ['Hours', mailing.window ? `${mailing.window.from} to ${mailing.window.to}, in each recipient's zone` : 'Any'],
    ['Topic', mailing.topic ?? 'None; it can be muted only with its channel'],
  ];
  return (
    <Stack>
      <Table variant="vertical" layout="fixed" withTableBorder>
        <Table.Tbody>
          {rows.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th w={140}>{label}</Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Paper withBorder p="md">
        {mailing.subject && (
          <Text fw={600} mb="xs">
            {mailing.subject}
          </Text>
        )}
        <Text style={{ whiteSpace: 'pre-wrap' }}>{mailing.text}</Text>
      </Paper>
    </Stack>
  );
}
