import type { EndingsQuery } from '../../gql/graphql';
import { Chart } from '../../parts/chart';
import { STATUSES, TROUBLES } from '../../parts/words';

export type Line = EndingsQuery['history']['lines'][number];

const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** What ended on each day, as UTC has them. */
export function Days({ lines, days }: { lines: Line[]; days: number }) {
  const dates = Array.from({ length: days }, (_, at) =>
    new Date(Date.now() - (days - 1 - at) * 86_400_000).toISOString().slice(0, 10),
  );
  const sum = (day: string, ...statuses: string[]) =>
    lines
      .filter((line) => line.day === day && line.status && statuses.includes(line.status))
      .reduce((all, line) => all + line.messages, 0);
  return (
    <Chart
      kind="bar"
      title={`Ended in ${days} days`}
      of="Day (UTC)"
      labels={dates.map((day) => DAY.format(new Date(day)))}
      series={[
        { label: 'Sent', color: STATUSES.SENT.color, values: dates.map((day) => sum(day, 'SENT')) },
        { label: 'Not sent', color: STATUSES.FAILED.color, values: dates.map((day) => sum(day, ...TROUBLES)) },
      ]}
    />
  );
}
