import { CourseDocument } from '../../gql/graphql';
import { Chart } from '../../parts/chart';
import { usePolled } from '../../parts/use-polled';
import { STATUSES } from '../../parts/words';

const POLL_SECONDS = 3;
const DAY_MS = 86_400_000;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const DATE_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

/** Sent and failed over time, from the start to now or the end. */
export function Pace({ id }: { id: string }) {
  const [{ data }] = usePolled(CourseDocument, { id }, POLL_SECONDS);
  const points = data?.mailing?.course ?? [];
  const times = points.map((one) => new Date(one.at));
  const long = times.length > 1 && times.at(-1)!.getTime() - times[0]!.getTime() > DAY_MS;
  return (
    <Chart
      kind="line"
      title="Over time"
      of="Time"
      labels={times.map((time) => (long ? DATE_AND_TIME : TIME).format(time))}
      series={[
        { label: 'Sent', color: STATUSES.SENT.color, values: points.map((one) => one.sent) },
        { label: 'Failed', color: STATUSES.FAILED.color, values: points.map((one) => one.failed) },
      ]}
    />
  );
}
