import { Badge, Code, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { useState } from 'react';
import { useSubscription } from 'urql';

import { type AttemptVerdict, type MailingStatus, TailDocument, type TailSubscription } from '../../gql/graphql';
import { Failed } from '../../parts/failed';
import { count, word } from '../../parts/format';
import { Loading } from '../../parts/loading';
import { Nothing } from '../../parts/nothing';
import { useVisible } from '../../parts/use-visible';
import { CHANNELS } from '../../parts/words';

const KEPT = 200;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const COLORS: Record<AttemptVerdict, string> = {
  ACCEPTED: 'teal.7',
  NOT_ACCEPTED: 'yellow.8',
  REFUSED: 'red.7',
  UNDELIVERABLE: 'orange.8',
  UNKNOWN: 'grape.7',
};

type Line = TailSubscription['deliveryAttempts']['attempts'][number];

/** The attempts as they are made, the newest first. */
export function Tail({ id, status }: { id: string; status: MailingStatus }) {
  const visible = useVisible();
  const [lines, setLines] = useState<Line[]>([]);
  const [skipped, setSkipped] = useState(0);
  const [listens, setListens] = useState(false);
  const [{ error }, listen] = useSubscription({ query: TailDocument, variables: { id }, pause: !visible }, (_, heard) => {
    const { deliveryAttempts } = heard;
    setListens(true);
    setLines((kept) => [...deliveryAttempts.attempts.toReversed(), ...kept].slice(0, KEPT));
    setSkipped((known) => known + deliveryAttempts.skipped);
    return heard;
  });
  if (error && !lines.length) return <Failed error={error} onRetry={listen} />;
  if (!listens) return <Loading />;
  if (!lines.length) {
    return (
      <Nothing icon={<IconActivity />} title={status === 'RUNNING' ? 'Listening' : 'Nothing leaves just now'}>
        Each attempt to deliver shows here the moment it is made. Earlier ones are with their recipients.
      </Nothing>
    );
  }
  return (
    <Stack gap="xs">
      {skipped > 0 && (
        <Text size="sm" c="dimmed">
          {count(skipped)} more came too fast to be shown.
        </Text>
      )}
      <ScrollArea h={420} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Live attempts' }}>
        <Table stickyHeader verticalSpacing={4} aria-label="Attempts">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Time</Table.Th>
              <Table.Th>Address</Table.Th>
              <Table.Th>Verdict</Table.Th>
              <Table.Th>Code</Table.Th>
              <Table.Th className="number">ms</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => (
              <Table.Tr key={line.id}>
                <Table.Td>{TIME.format(new Date(line.startedAt))}</Table.Td>
                <Table.Td>
                  {line.address} <Text span size="xs" c="dimmed">{CHANNELS[line.channel]}</Text>
                </Table.Td>
                <Table.Td>
                  <Badge variant="dot" color={COLORS[line.verdict]} tt="none">
                    {word(line.verdict)}
                  </Badge>
                </Table.Td>
                <Table.Td>
                  <Code>{line.code}</Code>
                </Table.Td>
                <Table.Td className="number">{Math.round(line.durationMs)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </Stack>
  );
}
