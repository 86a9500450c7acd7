import { Code, Drawer, Group, Stack, Text, Timeline } from '@mantine/core';

import { MessageAttemptsDocument } from '../../gql/graphql';
import { Failed } from '../../parts/failed';
import { word } from '../../parts/format';
import { Loading } from '../../parts/loading';
import { Moment } from '../../parts/moment';
import { MessageBadge } from '../../parts/status';
import { usePolled } from '../../parts/use-polled';
import { CHANNELS } from '../../parts/words';

/** Every try to deliver one message. */
export function Attempts({ id, onClose }: { id: string; onClose: () => void }) {
  const [{ data, error }, ask] = usePolled(MessageAttemptsDocument, { id }, 5);
  const message = data?.message;
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={message ? message.address : 'A message'}>
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {message && (
        <Stack>
          <Group gap="sm">
            <MessageBadge status={message.status} />
            <Text size="sm">{CHANNELS[message.channel]}</Text>
            {message.outsideId && (
              <Text size="sm" c="dimmed">
                outside id {message.outsideId}
              </Text>
            )}
          </Group>
          {message.why && <Text size="sm">{message.why}</Text>}
          {message.attempts.length === 0 && (
            <Text size="sm" c="dimmed">
              No attempt yet; it is due <Moment at={message.dueAt} />.
            </Text>
          )}
          <Timeline active={message.attempts.length} bulletSize={16} lineWidth={2}>
            {message.attempts.map((attempt) => (
              <Timeline.Item key={attempt.id} title={`${attempt.number}. ${word(attempt.verdict)}`}>
                <Text size="xs" c="dimmed">
                  <Moment at={attempt.startedAt} />, {Math.round(attempt.durationMs)} ms, by {attempt.worker}
                  {attempt.provider && `, to ${attempt.provider}`}
                </Text>
                <Text size="sm">
                  <Code>{attempt.code}</Code>
                </Text>
                {attempt.answer && <Code block>{attempt.answer}</Code>}
              </Timeline.Item>
            ))}
          </Timeline>
        </Stack>
      )}
    </Drawer>
  );
}
