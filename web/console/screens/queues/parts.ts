import type { QueuesQuery, WorkerState } from '../../gql/graphql';
import { count } from '../../parts/format';

export type Queue = QueuesQuery['queues'][number];
export type Worker = QueuesQuery['workers'][number];

export const LANES: Record<Queue['lane'], string> = { PERSONAL: 'Personal', BULK: 'Bulk' };

export const BREAKERS: Record<Queue['provider']['state'], { label: string; color: string; means: string }> = {
  CLOSED: { label: 'Well', color: 'teal.7', means: 'messages leave' },
  OPEN: { label: 'Away', color: 'red.7', means: 'nothing leaves until one message gets through' },
  PROBING: { label: 'Being tried', color: 'yellow.8', means: 'one message tries whether it is back' },
};

export const WORKERS: Record<WorkerState, { color: string; means: string }> = {
  RUNNING: { color: 'teal.7', means: 'it delivers, or waits for work' },
  STOPPING: { color: 'yellow.8', means: 'told to go: it ends what it has begun' },
  LOST: { color: 'red.7', means: 'killed, hung or cut off: others take over what it held' },
};

/** As long as nothing is late, a second or two are no news. */
export const LATE_SECONDS = 60;

export const atLeast = (told: { count: number; atLeast: boolean }): string =>
  told.atLeast ? `${count(told.count)}+` : count(told.count);

export const pending = (queue: Queue): number => queue.waiting.count + queue.scheduled.count;

export const isEmpty = (queue: Queue): boolean =>
  pending(queue) + queue.running + queue.failed.count === 0 && queue.provider.state === 'CLOSED';
