import { Group, Skeleton, Stack, Text } from '@mantine/core';

import type { CountsFragment, MailingStatus } from '../../gql/graphql';
import { Bar } from '../../parts/bar';
import { count, rate, span } from '../../parts/format';
import { ended } from '../../parts/words';
import { useProgress } from './use-progress';

interface Given {
  id: string;
  known?: { status: MailingStatus; statistics: CountsFragment };
  size?: 'md' | 'xl';
  /** Called when the mailing has got another status. */
  onStatus?: () => void;
}

/** A mailing's bar, which moves by itself, with rate and time left. */
export function LiveBar({ id, known, size = 'md', onStatus }: Given) {
  const live = useProgress(id, known?.status, onStatus);
  const status = live?.status ?? known?.status;
  const counts = live?.counts ?? known?.statistics;
  if (!counts) return <Skeleton h={12} />;
  if (status === 'SCHEDULED') {
    return (
      <Text size="xs" c="dimmed">
        Not started
      </Text>
    );
  }
  const failed = counts.failed + counts.undeliverable;
  return (
    <Stack gap={4}>
      <Bar counts={counts} size={size} />
      <Group gap="md" justify="space-between">
        <Text size="xs" c="dimmed">
          {count(ended(counts))} of {count(counts.total)}
          {failed > 0 && `, ${count(failed)} failed`}
        </Text>
        {live && status === 'RUNNING' && (
          <Text size="xs" c="dimmed">
            {rate(live.ratePerSecond)}
            {live.secondsLeft != null && `, about ${span(live.secondsLeft)} left`}
          </Text>
        )}
      </Group>
    </Stack>
  );
}
