import { Stack } from '@mantine/core';

import { QueuesDocument } from '../gql/graphql';
import { Failed } from '../parts/failed';
import { Head } from '../parts/head';
import { Loading } from '../parts/loading';
import { usePolled } from '../parts/use-polled';
import { Advice } from './queues/advice';
import { QueueTable } from './queues/queue-table';
import { Workers } from './queues/workers';

const POLL_SECONDS = 2;

export default function Queues() {
  const [{ data, error }, ask] = usePolled(QueuesDocument, {}, POLL_SECONDS);
  if (!data) return error ? <Failed error={error} onRetry={ask} /> : <Loading />;
  return (
    <Stack gap="lg">
      <Head title="Queues and workers">What there is to do, what stands in its way, and who does it.</Head>
      {error && <Failed error={error} onRetry={ask} />}
      <Advice queues={data.queues} />
      <QueueTable queues={data.queues} />
      <Workers workers={data.workers} />
    </Stack>
  );
}
