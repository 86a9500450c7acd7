import { Grid, SimpleGrid, Stack } from '@mantine/core';
import { useState } from 'react';

import { EndingsDocument, OverviewDocument } from '../gql/graphql';
import { Chart } from '../parts/chart';
import { Failed } from '../parts/failed';
import { count, rate } from '../parts/format';
import { Head } from '../parts/head';
import { Loading } from '../parts/loading';
import { usePolled } from '../parts/use-polled';
import { ended } from '../parts/words';
import { Codes } from './overview/codes';
import { Days } from './overview/days';
import { Reasons } from './overview/reasons';
import { Tile } from './overview/tile';
import { Underway } from './overview/underway';
import { useRate } from './overview/use-rate';

const DAYS = 7;
const POLL_SECONDS = 2;

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

export default function Overview() {
  const [from] = useState(() => daysAgo(DAYS - 1));
  const [{ data, error }, ask] = usePolled(OverviewDocument, {}, POLL_SECONDS);
  const [{ data: history }] = usePolled(EndingsDocument, { from }, 15);
  const samples = useRate(data && ended(data.statistics), data);
  if (!data) return error ? <Failed error={error} onRetry={ask} /> : <Loading />;
  const { statistics, mailings } = data;
  const last = samples.at(-1);
  return (
    <Stack gap="md">
      <Head title="Overview">What leaves, what waits and what failed.</Head>
      {error && <Failed error={error} onRetry={ask} />}
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Tile label="Delivery rate" value={rate(last?.value ?? 0)} note="messages of mailings" color="indigo" />
        <Tile label="Waiting" value={count(statistics.pending)} note={`${count(statistics.sending)} leaving now`} />
        <Tile label="Sent" value={count(statistics.sent)} note={`of ${count(statistics.total)}`} color="teal" />
        <Tile
          label="Failed"
          value={count(statistics.failed + statistics.undeliverable)}
          note={`${count(statistics.uncertain)} uncertain, ${count(statistics.expired)} expired`}
          color="red"
        />
      </SimpleGrid>
      <Grid>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Chart
            kind="line"
            title="Live delivery rate"
            of="Time"
            labels={samples.map((one) => one.at)}
            series={[{ label: 'Messages a second', color: 'indigo.6', values: samples.map((one) => one.value) }]}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Underway mailings={mailings.nodes} total={mailings.totalCount} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Days lines={history?.history.lines ?? []} days={DAYS} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Reasons lines={history?.history.lines ?? []} days={DAYS} />
        </Grid.Col>
        <Grid.Col span={12}>
          <Codes />
        </Grid.Col>
      </Grid>
    </Stack>
  );
}
