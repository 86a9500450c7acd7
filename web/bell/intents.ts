/** What was asked for and has not come back as an event yet: shown at once, taken back if it fails. */

import type { BellNotification } from './bell';
import type { Inbox, Tab } from './inbox';

export interface Intent {
  reads(one: BellNotification): boolean;
  archives(one: BellNotification): boolean;
}

const never = () => false;

export const reading = (id: string): Intent => ({ reads: (one) => one.id === id, archives: never });

export const readingUpTo = (seq: number): Intent => ({
  reads: (one) => one.seq <= seq,
  archives: never,
});

/** The archive reads, too. */
export const archiving = (id: string): Intent => ({
  reads: (one) => one.id === id,
  archives: (one) => one.id === id,
});

export class Intents {
  readonly #pending = new Set<Intent>();

  constructor(readonly inbox: Inbox) {}

  /** Shows the intent from now on; the answer takes it back. */
  begin(intent: Intent): () => void {
    this.#pending.add(intent);
    return () => this.#pending.delete(intent);
  }

  /** Forgets what the inbox itself shows by now. */
  settle(): void {
    const known = [...this.inbox.known.values()];
    for (const intent of this.#pending) {
      const waits = known.some(
        (one) => (one.isNew && intent.reads(one)) || (!one.isArchived && intent.archives(one)),
      );
      if (!waits) this.#pending.delete(intent);
    }
  }

  list(tab: Tab): BellNotification[] {
    const shown = this.inbox
      .list(tab)
      .filter((one) => !this.#any((intent) => intent.archives(one)))
      .map((one) => (this.#isRead(one) ? { ...one, isNew: false } : one));
    return tab === 'unread' ? shown.filter((one) => one.isNew) : shown;
  }

  /** The badge: the server's number, less what it is about to be told. */
  get unread(): number {
    const known = [...this.inbox.known.values()].filter((one) => one.isNew && !one.isArchived);
    const read = known.filter((one) => this.#isRead(one)).length;
    return Math.max(0, this.inbox.unread - read);
  }

  #isRead(one: BellNotification): boolean {
    return one.isNew && this.#any((intent) => intent.reads(one));
  }

  #any(holds: (intent: Intent) => boolean): boolean {
    return [...this.#pending].some(holds);
  }
}
