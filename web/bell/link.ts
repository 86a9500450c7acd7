/** The one socket of a bell: it comes back by itself, with a fresh token. */

import { type Client, createClient } from 'graphql-ws';

import type { BellStatus } from './bell';

const LONGEST_PAUSE_MS = 30_000;
const PING_MS = 15_000;
/** The token has ended, or is no good; whoever gives tokens may have a better one by then. */
const FORBIDDEN = 4403;

interface Options {
  url: string;
  token: () => string | Promise<string>;
  onStatus: (status: BellStatus) => void;
}

/** A random part of a time that doubles, so that a thousand tabs don't come back in the same second. */
export function pause(tries: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const { signal } = over;
    const end = () => {
      over.abort();
      resolve();
    };
    setTimeout(end, Math.random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** tries));
    addEventListener('online', end, { signal });
    stopped.addEventListener('abort', end, { signal });
  });
}

/** GraphQL's errors come as a list; some of them pass. */
export function passes(error: unknown): boolean {
  const errors = [error].flat() as { extensions?: { code?: string } }[];
  return errors.some((one) => ['UNAVAILABLE', 'RATE_LIMITED'].includes(one?.extensions?.code as string));
}

export class Link {
  readonly #client: Client;
  readonly #stop = new AbortController();

  constructor(options: Options) {
    let unanswered: ReturnType<typeof setTimeout> | undefined;
    this.#client = createClient({
      url: options.url.replace(/^http/, 'ws'),
      connectionParams: async () => ({ authorization: `Bearer ${await options.token()}` }),
      lazyCloseTimeout: 1_000,
      retryAttempts: Infinity,
      retryWait: (tries) => pause(tries, this.stopped),
      shouldRetry: () => !this.stopped.aborted,
      keepAlive: PING_MS,
      on: {
        connected: () => options.onStatus('live'),
        closed: (event) => {
          // What it did not answer says nothing of the next socket.
          clearTimeout(unanswered);
          options.onStatus((event as CloseEvent).code === FORBIDDEN ? 'refused' : 'reconnecting');
        },
        // A network that went away says nothing: who does not answer a ping is gone.
        ping: (received) => {
          if (received) return;
          unanswered = setTimeout(() => this.#client.terminate(), PING_MS);
        },
        pong: (received) => {
          if (received) clearTimeout(unanswered);
        },
      },
    });
  }

  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** The data of one query or mutation; rejects with GraphQL's errors, or the socket's end. */
  async ask<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
    for await (const answer of this.follow<Data>(query, variables)) return answer;
    throw new Error('no answer');
  }

  /** Each event, over all reconnections; `variables` are read anew at each of them. */
  async *follow<Data>(query: string, variables: Record<string, unknown>): AsyncGenerator<Data> {
    for await (const { data, errors } of this.#client.iterate<Data>({ query, variables })) {
      if (errors || !data) throw errors;
      yield data;
    }
  }

  close(): void {
    this.#stop.abort();
    void this.#client.dispose();
  }
}
