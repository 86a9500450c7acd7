import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';

import type { CountsFragment, MailingStatus } from '../../gql/graphql';
import { Chart } from '../../parts/chart';
import { STATUSES } from '../../parts/words';
import { useProgress } from './use-progress';

const KEPT = 240;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

interface Given {
  id: string;
  mailing: { status: MailingStatus; statistics: CountsFragment };
}

interface Point {
  at: string;
  sent: number;
  failed: number;
}

const point = (counts: CountsFragment): Point => ({
  at: TIME.format(new Date()),
  sent: counts.sent,
  failed: counts.failed + counts.undeliverable,
});

/** Sent and failed over time, since the screen was opened. */
export function Pace({ id, mailing }: Given) {
  const live = useProgress(id, mailing.status);
  const counts = live?.counts ?? mailing.statistics;
  const [points, setPoints] = useState<Point[]>(() => [point(counts)]);
  useEffect(() => {
    setPoints((kept) => [...kept, point(counts)].slice(-KEPT));
  }, [counts.sent, counts.failed, counts.undeliverable]);
  return (
    <Chart
      kind="line"
      title="Over time"
      of="Time"
      labels={points.map((one) => one.at)}
      series={[
        { label: 'Sent', color: STATUSES.SENT.color, values: points.map((one) => one.sent) },
        { label: 'Failed', color: STATUSES.FAILED.color, values: points.map((one) => one.failed) },
      ]}
      aside={
        <Text size="xs" c="dimmed">
          since this was opened
        </Text>
      }
    />
  );
}
