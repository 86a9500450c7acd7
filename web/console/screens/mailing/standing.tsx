import type { CountsFragment } from '../../gql/graphql';
import { Chart } from '../../parts/chart';
import { STATUSES } from '../../parts/words';

/** How many messages are in each status. */
export function Standing({ counts }: { counts: CountsFragment }) {
  const shown = Object.values(STATUSES).filter(({ key }) => counts[key] > 0 || key === 'sent' || key === 'pending');
  return (
    <Chart
      kind="bar"
      title="By status"
      of="Status"
      labels={shown.map((one) => one.label)}
      series={[
        {
          label: 'Messages',
          color: 'indigo.6',
          colors: shown.map((one) => one.color),
          values: shown.map(({ key }) => counts[key]),
        },
      ]}
    />
  );
}
