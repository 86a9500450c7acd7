import { Badge, Code, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';

import { count, rate, span, title } from '../../parts/format';
import { Listing } from '../../parts/listing';
import { Moment } from '../../parts/moment';
import { CHANNELS } from '../../parts/words';
import { LANES, type Worker, WORKERS } from './parts';

const COLUMNS = [
  'Worker',
  'State',
  { label: 'Last beat', number: true },
  'Lanes',
  { label: 'In hand', number: true },
  { label: 'Sent', number: true },
  { label: 'Not accepted', number: true },
];

const held = (worker: Worker): number => worker.inHand.reduce((sum, one) => sum + one.count, 0);

const told = (worker: Worker): string =>
  worker.inHand.map((one) => `${CHANNELS[one.channel]} ${count(one.count)}`).join(', ');

function Lanes({ worker }: { worker: Worker }) {
  return worker.lanes.map(({ lane, jobs }) => (
    <div key={lane}>
      {LANES[lane]}
      {jobs.length > 0 && (
        <Text span size="xs" c="dimmed">
          {' '}
          {jobs.includes('alone') ? 'without Redis' : jobs.join(', ')}
        </Text>
      )}
    </div>
  ));
}

function Row({ worker }: { worker: Worker }) {
  const { color, means } = WORKERS[worker.state];
  const lives = worker.state !== 'LOST';
  return (
    <Table.Tr>
      <Table.Td className="words">
        {worker.host}
        <Text size="xs" c="dimmed">
          process {worker.pid}
          {worker.version && `, version ${worker.version}`}, since <Moment at={worker.startedAt} />
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge variant="dot" color={color} tt="none" miw="max-content" title={means}>
          {title(worker.state)}
        </Badge>
      </Table.Td>
      <Table.Td className="number">{span(worker.silentSeconds)} ago</Table.Td>
      <Table.Td>
        <Lanes worker={worker} />
      </Table.Td>
      <Table.Td className="number" title={told(worker) || undefined}>
        {count(held(worker))}
      </Table.Td>
      <Table.Td className="number">{lives ? rate(worker.sentPerSecond) : '—'}</Table.Td>
      <Table.Td className="number">{lives ? rate(worker.failedPerSecond) : '—'}</Table.Td>
    </Table.Tr>
  );
}

/** Who delivers, or how to get somebody to. */
export function Workers({ workers }: { workers: Worker[] }) {
  return (
    <Stack gap="sm" component="section" aria-label="Workers">
      <Title order={2} size="h4">
        Workers
      </Title>
      {workers.length === 0 ? (
        <Paper withBorder p="xl">
          <Stack align="center" gap="xs">
            <IconUsersGroup />
            <Title order={3} size="h5">
              No worker runs
            </Title>
            <Text size="sm">
              Messages are kept and wait for one. On any machine that reaches the same MongoDB and Redis, start
            </Text>
            <Code>belfry work</Code>
          </Stack>
        </Paper>
      ) : (
        <Listing label="Workers" columns={COLUMNS} minWidth={740}>
          {workers.map((worker) => (
            <Row key={worker.id} worker={worker} />
          ))}
        </Listing>
      )}
    </Stack>
  );
}
