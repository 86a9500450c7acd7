import { Group, Stack, Text } from '@mantine/core';

import { TestOutcomeDocument } from '../../gql/graphql';
import { MessageBadge } from '../../parts/status';
import { usePolled } from '../../parts/use-polled';
import { CHANNELS } from '../../parts/words';

/** What becomes of it, as it happens. */
export function TestOutcome({ id }: { id: string }) {
  const [{ data }] = usePolled(TestOutcomeDocument, { id }, 1);
  return (
    <Stack gap={4} role="status" aria-label="What became of it">
      {data?.send?.messages.nodes.map((message) => (
        <Group key={message.id} gap="sm">
          <MessageBadge status={message.status} />
          <Text size="sm">
            {CHANNELS[message.channel]}, {message.address}
            {message.why && `: ${message.why}`}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
