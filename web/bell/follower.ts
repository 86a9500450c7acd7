/** Keeps an inbox as the server has it: pages when they are wanted, events without gap or double. */

import type { BellNotification, BellStatus } from './bell';
import { ARCHIVE, EVENTS, PAGE, READ, READ_UP_TO } from './documents';
import { Inbox, type InboxEvent, type Page, type Tab } from './inbox';
import { archiving, type Intent, Intents, reading, readingUpTo } from './intents';
import { Link, passes, pause } from './link';

interface Options {
  url: string;
  userId: string;
  token: () => string | Promise<string>;
  onStatus: (status: BellStatus) => void;
  onChange: () => void;
  /** One came in just now, and not in a replay. */
  onArrival: (notification: BellNotification) => void;
  onError: (error: Error) => void;
}

interface Done {
  done: { errors: { message: string }[] };
}

/** An error with words of the API, whatever was thrown. */
function worded(error: unknown): Error {
  const [first] = [error].flat() as { message?: string; reason?: string }[];
  return new Error(first.message ?? first.reason, { cause: error });
}

export class Follower {
  readonly inbox = new Inbox();
  readonly intents = new Intents(this.inbox);
  readonly #link: Link;
  #paging: Promise<void> | null = null;
  /** Until the first connection ends, what is replayed came in after the page was opened: it is news. */
  #first = true;

  constructor(readonly options: Options) {
    this.#link = new Link({ ...options, onStatus: (status) => this.#heard(status) });
    void this.#run();
  }

  close(): void {
    this.#link.close();
  }

  /** Reads the next page of a tab, if there is one. */
  more(tab: Tab): Promise<void> {
    this.#paging ??= this.#more(tab).finally(() => {
      this.#paging = null;
    });
    return this.#paging;
  }

  read(id: string): Promise<void> {
    return this.#act(reading(id), READ, { id });
  }

  readUpTo(newest: BellNotification): Promise<void> {
    const { userId } = this.options;
    return this.#act(readingUpTo(newest.seq), READ_UP_TO, { userId, upTo: newest.cursor });
  }

  archive(id: string): Promise<void> {
    return this.#act(archiving(id), ARCHIVE, { id });
  }

  async #act(intent: Intent, mutation: string, variables: Record<string, unknown>): Promise<void> {
    const takeBack = this.intents.begin(intent);
    this.options.onChange();
    try {
      const { done } = await this.#link.ask<Done>(mutation, variables);
      if (done.errors.length) throw new Error(done.errors[0].message);
    } catch (error) {
      takeBack();
      this.#fail(error);
    }
  }

  async #more(tab: Tab): Promise<void> {
    const after = this.inbox.next(tab);
    if (after === undefined || this.inbox.cursor === null) return;
    const { era } = this.inbox;
    try {
      // A page that was read before an event that we know would undo it: it is asked again.
      for (;;) {
        const page = await this.#page(tab, after);
        if (this.inbox.era !== era || this.inbox.add(tab, page)) break;
      }
      this.options.onChange();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #page(tab: Tab, after: string | null): Promise<Page> {
    const variables = { userId: this.options.userId, after, unread: tab === 'unread' || null };
    return (await this.#link.ask<{ inbox: Page }>(PAGE, variables)).inbox;
  }

  async #run(): Promise<void> {
    for (let tries = 0; !this.#link.stopped.aborted; tries++) {
      try {
        if (this.inbox.cursor === null) await this.#startOver();
        await this.#hear(() => {
          tries = 0;
        });
      } catch (error) {
        if (this.#link.stopped.aborted) return;
        if (!passes(error)) {
          this.options.onStatus('refused');
          this.#fail(error);
        }
      }
      await pause(tries, this.#link.stopped);
    }
  }

  /** A connection is of no use to a person before there is something to see. */
  #heard(status: BellStatus): void {
    if (status !== 'live') this.#first &&= !this.inbox.cursor;
    if (status !== 'live' || this.inbox.cursor) this.options.onStatus(status);
  }

  async #startOver(): Promise<void> {
    this.inbox.startOver('all', await this.#page('all', null));
    this.options.onStatus('live');
    this.#changed();
  }

  async #hear(onEvent: () => void): Promise<void> {
    const { inbox } = this;
    const variables = {
      userId: this.options.userId,
      get after() {
        return inbox.cursor;
      },
    };
    for await (const { inboxEvents } of this.#link.follow<{ inboxEvents: InboxEvent }>(
      EVENTS,
      variables,
    )) {
      onEvent();
      if (inboxEvents.__typename === 'Resync') await this.#startOver();
      else if (inbox.apply(inboxEvents)) this.#applied(inboxEvents);
    }
  }

  #changed(): void {
    this.intents.settle();
    this.options.onChange();
  }

  #applied(event: InboxEvent): void {
    this.#changed();
    if (event.__typename === 'NotificationCreated' && (this.#first || !event.replayed)) {
      this.options.onArrival(event.notification!);
    }
  }

  #fail(error: unknown): void {
    this.options.onChange();
    if (!this.#link.stopped.aborted) this.options.onError(worded(error));
  }
}
