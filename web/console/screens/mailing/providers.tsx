import { Alert } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';

import type { MailingStatus } from '../../gql/graphql';
import { Moment } from '../../parts/moment';
import { CHANNELS } from '../../parts/words';
import { useProgress } from './use-progress';

/** Says so when a provider is away, for then nothing moves. */
export function Providers({ id, status }: { id: string; status: MailingStatus }) {
  const live = useProgress(id, status);
  const away = live?.providers.filter((one) => one.state !== 'CLOSED') ?? [];
  return away.map((one) => (
    <Alert
      key={one.channel}
      color="yellow"
      variant="outline"
      icon={<IconPlugConnectedX />}
      title={`${CHANNELS[one.channel]} is away`}
    >
      {one.why}. Messages wait and use up no attempt
      {one.retryAt && (
        <>
          ; one is tried at <Moment at={one.retryAt} />
        </>
      )}
      .
    </Alert>
  ));
}
