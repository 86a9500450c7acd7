import { Badge, Progress, Stack, Table, Text } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';

import { count, span } from '../../parts/format';
import { Listing } from '../../parts/listing';
import { Nothing } from '../../parts/nothing';
import { CHANNELS } from '../../parts/words';
import { atLeast, BREAKERS, isEmpty, LANES, LATE_SECONDS, pending, type Queue } from './parts';

const COLUMNS = [
  'Queue',
  { label: 'Waiting', number: true },
  { label: 'Later', number: true },
  { label: 'Retrying', number: true },
  { label: 'Leaving', number: true },
  { label: 'Failed in 24 h', number: true },
  'Provider',
];

/** Of what is pending and leaving, how much is which. */
function Load({ queue }: { queue: Queue }) {
  const whole = Math.max(1, pending(queue) + queue.running);
  const parts = [
    { label: 'Leaving', value: queue.running, color: 'blue.6' },
    { label: 'Waiting', value: queue.waiting.count, color: 'orange.6' },
    { label: 'Later', value: queue.scheduled.count, color: 'gray.5' },
  ];
  return (
    <Progress.Root size="sm" mt={4} aria-hidden>
      {parts.map(({ label, value, color }) => (
        <Progress.Section key={label} value={(100 * value) / whole} color={color} withAria={false} title={label} />
      ))}
    </Progress.Root>
  );
}

function Row({ queue }: { queue: Queue }) {
  const breaker = BREAKERS[queue.provider.state];
  const late = (queue.oldestDueSeconds ?? 0) > LATE_SECONDS;
  return (
    <Table.Tr>
      <Table.Td miw={160}>
        {LANES[queue.lane]}, {CHANNELS[queue.channel]}
        <Load queue={queue} />
      </Table.Td>
      <Table.Td className="number">
        {atLeast(queue.waiting)}
        {queue.oldestDueSeconds != null && (
          <Text size="xs" {...(late ? { fw: 700 } : { c: 'dimmed' })}>
            oldest <time dateTime={queue.oldestDueAt ?? undefined}>{span(queue.oldestDueSeconds)}</time>
          </Text>
        )}
      </Table.Td>
      <Table.Td className="number">{atLeast(queue.scheduled)}</Table.Td>
      <Table.Td className="number">{atLeast(queue.retrying)}</Table.Td>
      <Table.Td className="number">{count(queue.running)}</Table.Td>
      <Table.Td className="number">{atLeast(queue.failed)}</Table.Td>
      <Table.Td>
        <Badge variant="dot" color={breaker.color} tt="none" title={breaker.means}>
          {breaker.label}
        </Badge>
      </Table.Td>
    </Table.Tr>
  );
}

/** The channels of each lane in which there is nothing, as a sentence. */
function quiet(queues: Queue[]): string {
  const lanes = Object.entries(LANES).map(([lane, label]) => {
    const channels = queues.filter((one) => one.lane === lane).map((one) => CHANNELS[one.channel]);
    return channels.length > 0 && `${label.toLowerCase()} by ${channels.join(', ')}`;
  });
  return lanes.filter(Boolean).join('; ');
}

/** Each lane and channel in which there is something, and the names of the others. */
export function QueueTable({ queues }: { queues: Queue[] }) {
  const busy = queues.filter((one) => !isEmpty(one));
  if (busy.length === 0)
    return (
      <Nothing icon={<IconStack2 />} title="Nothing waits">
        Each channel has a queue for personal messages and one for mailings. What waits, is tried again or failed in the
        last 24 hours shows here as soon as there is any.
      </Nothing>
    );
  return (
    <Stack gap="xs">
      <Listing label="Queues" columns={COLUMNS} minWidth={740}>
        {busy.map((queue) => (
          <Row key={queue.lane + queue.channel} queue={queue} />
        ))}
      </Listing>
      {busy.length < queues.length && (
        <Text size="xs" c="dimmed">
          Nothing in: {quiet(queues.filter(isEmpty))}.
        </Text>
      )}
    </Stack>
  );
}
