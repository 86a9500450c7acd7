/** What `bell.js` has for the pages that use it. */

/** A notification as it stands in the inbox. */
export interface BellNotification {
  readonly id: string;
  readonly seq: number;
  readonly cursor: string;
  readonly isNew: boolean;
  readonly isArchived: boolean;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly key: string;
  readonly targetId: string | null;
  /** From the kind's templates; empty where it has none. */
  readonly title: string;
  readonly body: string;
  readonly data: unknown;
}

/** Every text of the bell. Give those that you want to say differently. */
export interface BellStrings {
  label: string;
  unread: (count: number) => string;
  all: string;
  onlyUnread: string;
  markAllRead: string;
  archive: string;
  empty: string;
  emptyUnread: string;
  loading: string;
  reconnecting: string;
  refused: string;
  failed: string;
  arrived: (titles: readonly string[], unread: number) => string;
  dismiss: string;
}

/** `refused`: the token is not (any more) good, or the page's origin is not allowed. */
export type BellStatus = 'connecting' | 'live' | 'reconnecting' | 'refused';

export interface BellEventMap {
  /** A notification came in just now; not fired for what a reconnection replays. */
  'belfry-notification': CustomEvent<BellNotification>;
  /** One was chosen. Marked read unless `preventDefault()` is called. */
  'belfry-select': CustomEvent<BellNotification>;
  'belfry-unread': CustomEvent<number>;
  'belfry-status': CustomEvent<BellStatus>;
  /** Something that was asked for did not happen; what was shown ahead of it is taken back. */
  'belfry-error': CustomEvent<Error>;
}

/** `<belfry-bell user-id="…" url="…/graphql">` */
export interface BelfryBellElement extends HTMLElement {
  /** The API's address, http(s) or ws(s); that of the script's own origin if absent. */
  url: string;
  /** Whose inbox: 24 hexadecimal digits. */
  userId: string;
  /** A token of that user. One that ends is better given by `getToken`. */
  token: string;
  /** Asked at every connection, so that it can fetch a fresh one. */
  getToken: (() => string | Promise<string>) | null;
  /** Where a notification leads; without one it is only marked read. */
  linkOf: ((notification: BellNotification) => string | null | undefined) | null;
  strings: Partial<BellStrings>;
  /** BCP 47, for times and numbers; the page's `lang` if absent. */
  locale: string;
  theme: 'auto' | 'light' | 'dark';
  open: boolean;
  /** Seconds that a toast stays; 0 for no toasts. */
  toastSeconds: number;
  readonly unread: number;
  readonly status: BellStatus;
  /** Marks read all that is in the list now; what comes in meanwhile stays unread. */
  markAllRead(): Promise<void>;
  markRead(id: string): Promise<void>;
  archive(id: string): Promise<void>;
  addEventListener<K extends keyof BellEventMap>(
    type: K,
    listener: (this: BelfryBellElement, event: BellEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** What the tag takes in JSX: its properties, and its events by their names after `on`, as in React 19. */
export type BellProps = Partial<
  Pick<
    BelfryBellElement,
    'url' | 'userId' | 'token' | 'getToken' | 'linkOf' | 'strings' | 'locale' | 'theme' | 'open' | 'toastSeconds'
  >
> & { [Name in keyof BellEventMap as `on${Name}`]?: (event: BellEventMap[Name]) => void } & {
  placement?: 'start';
};

declare global {
  interface HTMLElementTagNameMap {
    'belfry-bell': BelfryBellElement;
  }
}
