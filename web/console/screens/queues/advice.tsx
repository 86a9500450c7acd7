import { Alert, Code, Stack } from '@mantine/core';
import { IconClockExclamation, IconPlugConnectedX, IconUserOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { span } from '../../parts/format';
import { Moment } from '../../parts/moment';
import { CHANNELS } from '../../parts/words';
import { LANES, LATE_SECONDS, type Queue } from './parts';

/** Yellow words on white can't be read. */
const PLAIN = { title: { color: 'var(--mantine-color-text)' } };

interface Trouble {
  key: string;
  icon: ReactNode;
  title: string;
  body: ReactNode;
}

/** Lanes in which something waits but nobody works. */
function unmanned(queues: Queue[]): Trouble[] {
  return (Object.keys(LANES) as Queue['lane'][])
    .filter((lane) => queues.some((one) => one.lane === lane && one.workers === 0 && one.waiting.count > 0))
    .map((lane) => ({
      key: lane,
      icon: <IconUserOff />,
      title: `No worker runs for ${LANES[lane].toLowerCase()} messages`,
      body: (
        <>
          They wait until one does. Start it by <Code>belfry work --lane {lane.toLowerCase()}</Code>
        </>
      ),
    }));
}

/** Providers whose breaker is not closed. */
function away(queues: Queue[]): Trouble[] {
  return queues
    .filter((one, at) => queues.findIndex((other) => other.channel === one.channel) === at)
    .filter((one) => one.provider.state !== 'CLOSED')
    .map(({ channel, provider }) => ({
      key: channel,
      icon: <IconPlugConnectedX />,
      title: `${CHANNELS[channel]} is away`,
      body: (
        <>
          {provider.why}. Messages wait and use up no attempt
          {provider.retryAt && (
            <>
              ; one is tried at <Moment at={provider.retryAt} />
            </>
          )}
          .
        </>
      ),
    }));
}

/** Queues that are late although everything seems well. */
function late(queues: Queue[]): Trouble[] {
  return queues
    .filter((one) => one.provider.state === 'CLOSED' && one.workers > 0)
    .filter((one) => (one.oldestDueSeconds ?? 0) > LATE_SECONDS)
    .map((one) => ({
      key: `${one.lane} ${one.channel}`,
      icon: <IconClockExclamation />,
      title: `${LANES[one.lane]} messages by ${CHANNELS[one.channel]} are ${span(one.oldestDueSeconds ?? 0)} late`,
      body: 'More is due than leaves: start more workers, or raise the rate of this channel if its provider allows.',
    }));
}

/** What is wrong, and what to do about it. */
export function Advice({ queues }: { queues: Queue[] }) {
  const troubles = [...unmanned(queues), ...away(queues), ...late(queues)];
  if (troubles.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-label="What is wrong">
      {troubles.map(({ key, icon, title, body }) => (
        <Alert key={key} color="yellow" variant="outline" icon={icon} title={title} styles={PLAIN}>
          {body}
        </Alert>
      ))}
    </Stack>
  );
}
