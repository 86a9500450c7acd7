/** A user's inbox as the server has it, as far as it was read. Pure: no network, no clock, no page. */

import type { BellNotification } from './bell';

export type Tab = 'all' | 'unread';

export interface Page {
  unread: number;
  seq: number;
  headCursor: string;
  notifications: {
    nodes: BellNotification[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

export interface InboxEvent {
  __typename: string;
  cursor: string;
  seq: number;
  unread: number;
  droppedUpTo: number;
  replayed: boolean;
  notification?: BellNotification;
  notifications?: BellNotification[];
  notificationId?: string;
}

/** How far down a tab was read; `end` is where its next page begins. */
interface Reach {
  end: string | null;
  lowest: number;
  complete: boolean;
}

export class Inbox {
  unread = 0;
  seq = 0;
  cursor: string | null = null;
  /** Grows with every start: a page that was asked for before one is of no use after it. */
  era = 0;
  readonly known = new Map<string, BellNotification>();
  readonly #reach = new Map<Tab, Reach>();

  /** Whether anything of a tab was read. */
  has(tab: Tab): boolean {
    return this.#reach.has(tab);
  }

  /** Where the next page of a tab begins: null for its first one, undefined where there is none. */
  next(tab: Tab): string | null | undefined {
    const reach = this.#reach.get(tab);
    return reach?.complete ? undefined : (reach?.end ?? null);
  }

  /** Forgets everything for the first page of a tab, with which the events go on. */
  startOver(tab: Tab, page: Page): void {
    this.known.clear();
    this.#reach.clear();
    this.era++;
    this.unread = page.unread;
    this.seq = page.seq;
    this.cursor = page.headCursor;
    this.#put(tab, page);
  }

  /** Takes the next page; false if it is older than what is known, so that it must be asked again. */
  add(tab: Tab, page: Page): boolean {
    if (page.seq < this.seq) return false;
    this.#put(tab, page);
    return true;
  }

  /** Takes an event; false if it is known already. */
  apply(event: InboxEvent): boolean {
    if (event.seq <= this.seq) return false;
    for (const one of event.notifications ?? (event.notification ? [event.notification] : [])) {
      this.known.set(one.id, one);
    }
    if (event.notificationId) this.known.delete(event.notificationId);
    for (const one of this.known.values()) {
      if (one.seq <= event.droppedUpTo) this.known.delete(one.id);
    }
    this.unread = event.unread;
    this.seq = event.seq;
    this.cursor = event.cursor;
    return true;
  }

  /**
   * What a tab shows, the newest first. An event may tell of one further down than was read: it waits
   * for its page, or there would be a hole above it.
   */
  list(tab: Tab): BellNotification[] {
    const reach = this.#reach.get(tab);
    if (!reach) return [];
    return [...this.known.values()]
      .filter((one) => !one.isArchived && (reach.complete || one.seq >= reach.lowest))
      .sort((a, b) => b.seq - a.seq);
  }

  #put(tab: Tab, page: Page): void {
    const { nodes, pageInfo } = page.notifications;
    for (const one of nodes) this.known.set(one.id, one);
    const lowest = Math.min(this.#reach.get(tab)?.lowest ?? Infinity, ...nodes.map((one) => one.seq));
    this.#reach.set(tab, { end: pageInfo.endCursor, lowest, complete: !pageInfo.hasNextPage });
  }
}
