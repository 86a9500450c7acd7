import { html, LitElement, nothing, type PropertyValues, unsafeCSS } from 'lit';

import css from './bell.css?inline';
import type { BelfryBellElement, BellNotification, BellStatus, BellStrings } from './bell';
import { Follower } from './follower';
import type { Tab } from './inbox';
import { ARCHIVE, BELL, CROSS } from './icons';
import { ENGLISH, ago, badge } from './strings';
import { Toasts } from './toasts';

/** Times say "5 minutes ago", so they are looked at again. */
const AGE_MS = 60_000;
/** What comes in together is announced together. */
const ANNOUNCE_MS = 400;

const TABS: Tab[] = ['all', 'unread'];

export class BelfryBell extends LitElement implements Omit<BelfryBellElement, keyof HTMLElement> {
  static override styles = unsafeCSS(css);
  static override properties = {
    url: {},
    userId: { attribute: 'user-id' },
    token: {},
    getToken: { attribute: false },
    linkOf: { attribute: false },
    strings: { attribute: false },
    locale: {},
    theme: { reflect: true },
    open: { type: Boolean, reflect: true },
    toastSeconds: { type: Number, attribute: 'toast-seconds' },
    tab: { state: true },
    note: { state: true },
    announced: { state: true },
  };

  declare url: string;
  declare userId: string;
  declare token: string;
  declare getToken: (() => string | Promise<string>) | null;
  declare linkOf: ((notification: BellNotification) => string | null | undefined) | null;
  declare strings: Partial<BellStrings>;
  declare locale: string;
  declare theme: 'auto' | 'light' | 'dark';
  declare open: boolean;
  declare toastSeconds: number;
  declare private tab: Tab;
  declare private note: string;
  declare private announced: string;

  #follower: Follower | null = null;
  #status: BellStatus = 'connecting';
  #told = 0;
  #aging: ReturnType<typeof setInterval> | undefined;
  #focused: string | undefined;
  #arrived: BellNotification[] = [];
  #announcing: ReturnType<typeof setTimeout> | undefined;
  readonly #toasts = new Toasts(() => this.requestUpdate());
  readonly #bottom = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) void this.#follower?.more(this.tab);
  });

  constructor() {
    super();
    this.url = new URL(/* @vite-ignore */ '/graphql', import.meta.url).href;
    this.userId = this.token = this.locale = this.note = this.announced = '';
    this.getToken = this.linkOf = null;
    this.strings = {};
    this.theme = 'auto';
    this.open = false;
    this.toastSeconds = 6;
    this.tab = 'all';
  }

  get unread(): number {
    return this.#follower?.intents.unread ?? 0;
  }

  get status(): BellStatus {
    return this.#status;
  }

  async markRead(id: string): Promise<void> {
    await this.#follower?.read(id);
  }

  async archive(id: string): Promise<void> {
    await this.#follower?.archive(id);
  }

  async markAllRead(): Promise<void> {
    const [newest] = this.#follower?.intents.list('all') ?? [];
    if (newest) await this.#follower?.readUpTo(newest);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#aging = setInterval(() => this.open && this.requestUpdate(), AGE_MS);
    document.addEventListener('pointerdown', this.#outside);
    if (this.hasUpdated) this.#follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#aging);
    clearTimeout(this.#announcing);
    document.removeEventListener('pointerdown', this.#outside);
    this.#toasts.clear();
    this.#unfollow();
  }

  override willUpdate(changed: PropertyValues): void {
    this.#focused ??= this.#focusedId();
    const asked = ['url', 'userId', 'getToken', 'token'].some((name) => changed.has(name));
    if (asked) this.#follow();
  }

  override updated(changed: PropertyValues): void {
    this.#bottom.disconnect();
    const end = this.renderRoot.querySelector('.end');
    if (end) this.#bottom.observe(end);
    const buttons = this.#mainButtons();
    if (changed.has('open') && this.open) buttons[0]?.focus();
    // Elements are used again by their place, so one that came in would move the focus to another item.
    else if (this.#focused && this.#focused !== this.#focusedId()) {
      buttons.find((button) => button.dataset.id === this.#focused)?.focus();
    }
    this.#focused = undefined;
    this.#tellUnread();
  }

  override render() {
    const words = this.#words;
    const label = this.unread ? `${words.label}, ${words.unread(this.unread)}` : words.label;
    return html`
      <button
        part="trigger"
        class="trigger ${this.#status === 'live' ? '' : 'away'}"
        aria-haspopup="dialog"
        aria-expanded=${this.open}
        aria-label=${label}
        @click=${() => {
          this.open = !this.open;
          this.#toasts.clear();
        }}
      >
        <slot name="icon">${BELL}</slot>
        ${this.unread ? html`<span part="badge" class="badge" aria-hidden="true">${badge(this.unread)}</span>` : nothing}
      </button>
      ${this.open ? this.#panel() : nothing}
      <div class="unseen" role="status" aria-live="polite">${this.announced}</div>
      ${this.#toasted()}
    `;
  }

  #panel() {
    const words = this.#words;
    // There are words only for what a person can do something about.
    const note = words[this.#status as 'refused' | 'reconnecting'];
    return html`
      <section part="panel" class="panel" role="dialog" aria-label=${words.label} @keydown=${this.#key}>
        <div part="header" class="header">
          <h2>${words.label}</h2>
          <button part="mark-all" class="quiet" ?disabled=${!this.unread} @click=${() => void this.markAllRead()}>
            ${words.markAllRead}
          </button>
        </div>
        <div class="tabs">
          ${TABS.map((tab) => this.#tabButton(tab))}
        </div>
        ${note || this.note ? html`<p part="note" class="note" role="alert">${note || this.note}</p>` : nothing}
        <div part="list" class="scroll">${this.#list()}</div>
      </section>
    `;
  }

  #tabButton(tab: Tab) {
    const label = tab === 'all' ? this.#words.all : this.#words.onlyUnread;
    const choose = () => this.#choose(tab);
    return html`<button part="tab" class="tab" aria-pressed=${tab === this.tab} @click=${choose}>${label}</button>`;
  }

  #list() {
    const { inbox, intents } = this.#follower ?? {};
    const words = this.#words;
    const items = intents?.list(this.tab) ?? [];
    const more = !inbox?.has(this.tab) || inbox.next(this.tab) !== undefined;
    const nothingHere = this.tab === 'all' ? words.empty : words.emptyUnread;
    return html`
      ${items.length ? html`<ul>${items.map((one) => this.#item(one))}</ul>` : nothing}
      ${more ? html`<p class="end empty">${words.loading}</p>` : nothing}
      ${!more && !items.length ? html`<p part="empty" class="empty">${nothingHere}</p>` : nothing}
    `;
  }

  #item(one: BellNotification) {
    const words = this.#words;
    const title = one.title || one.key;
    return html`<li part="item ${one.isNew ? 'item-unread' : ''}" class="item ${one.isNew ? 'unread' : ''}">
      ${this.#main(one)}
      <button
        part="archive"
        class="act"
        aria-label="${words.archive}: ${title}"
        @click=${() => this.#archiveAt(one)}
      >
        ${ARCHIVE}
      </button>
    </li>`;
  }

  /** A link where the page says whereto, so that it opens in a new tab as links do. */
  #main(one: BellNotification) {
    const said = this.#said(one);
    const link = this.linkOf?.(one);
    const choose = (event: Event) => this.#select(one, event);
    return link
      ? html`<a class="main" href=${link} data-id=${one.id} @click=${choose}>${said}</a>`
      : html`<button class="main" data-id=${one.id} @click=${choose}>${said}</button>`;
  }

  #said(one: BellNotification) {
    const moment = new Date(one.timestamp);
    const full = moment.toLocaleString(this.#locale);
    return html`<span part="title" class="title">
        ${one.isNew ? html`<span class="dot" role="img" aria-label=${this.#words.onlyUnread}></span>` : nothing}
        <span>${one.title || one.key}</span>
      </span>
      ${one.body ? html`<span part="body" class="body">${one.body}</span>` : nothing}
      <time datetime=${one.timestamp} title=${full}>${ago(moment, new Date(), this.#locale)}</time>`;
  }

  #toasted() {
    if (!this.#toasts.shown.length) return nothing;
    return html`<div
      part="toasts"
      class="toasts"
      role="region"
      aria-label=${this.#words.label}
      @pointerenter=${this.#toasts.hold}
      @pointerleave=${this.#toasts.release}
      @focusin=${this.#toasts.hold}
      @focusout=${this.#toasts.release}
    >
      ${this.#toasts.shown.map(
        (one) => html`<div part="toast" class="toast">
          ${this.#main(one)}
          <button class="act" aria-label="${this.#words.dismiss}: ${one.title || one.key}" @click=${() => this.#toasts.remove(one.id)}>
            ${CROSS}
          </button>
        </div>`,
      )}
    </div>`;
  }

  get #words(): BellStrings {
    return { ...ENGLISH, ...this.strings };
  }

  get #locale(): string {
    return this.locale || document.documentElement.lang || navigator.language;
  }

  #follow(): void {
    this.#unfollow();
    if (!this.isConnected || !this.userId || !(this.getToken || this.token)) return;
    this.#setStatus('connecting');
    this.#follower = new Follower({
      url: this.url,
      userId: this.userId,
      token: () => this.getToken?.() ?? this.token,
      onStatus: (status) => this.#setStatus(status),
      onChange: () => this.requestUpdate(),
      onArrival: (one) => this.#arrive(one),
      onError: (error) => this.#fail(error),
    });
  }

  #unfollow(): void {
    this.#follower?.close();
    this.#follower = null;
  }

  #setStatus(status: BellStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    if (status === 'live') this.note = '';
    this.#fire('belfry-status', status);
    this.requestUpdate();
  }

  #fail(error: Error): void {
    this.note = this.#words.failed;
    this.#fire('belfry-error', error);
  }

  #arrive(one: BellNotification): void {
    this.#fire('belfry-notification', one);
    const wanted = this.toastSeconds > 0 && !this.open && document.visibilityState === 'visible';
    if (wanted) this.#toasts.add(one, this.toastSeconds);
    this.#arrived.push(one);
    this.#announcing ??= setTimeout(() => {
      const titles = this.#arrived.map((each) => each.title || each.key);
      this.announced = this.#words.arrived(titles, this.unread);
      this.#arrived = [];
      this.#announcing = undefined;
    }, ANNOUNCE_MS);
  }

  #tellUnread(): void {
    if (this.unread === this.#told) return;
    this.#told = this.unread;
    this.#fire('belfry-unread', this.#told);
  }

  #select(one: BellNotification, event: Event): void {
    const goesOn = this.#fire('belfry-select', one);
    // A page may take links from what somebody has sent; nobody's text may run in it.
    const runs = (event.currentTarget as HTMLAnchorElement).protocol === 'javascript:';
    if (!goesOn || runs) event.preventDefault();
    if (goesOn && one.isNew) void this.markRead(one.id);
    this.#toasts.remove(one.id);
  }

  #archiveAt(one: BellNotification): void {
    const buttons = this.#mainButtons();
    const place = buttons.findIndex((button) => button.dataset.id === one.id);
    // The focus would be lost with the item.
    this.#focused = (buttons[place + 1] ?? buttons[place - 1])?.dataset.id;
    void this.archive(one.id);
  }

  #choose(tab: Tab): void {
    this.tab = tab;
    if (!this.#follower?.inbox.has(tab)) void this.#follower?.more(tab);
  }

  #close(): void {
    this.open = false;
    this.renderRoot.querySelector<HTMLElement>('.trigger')?.focus();
  }

  readonly #outside = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.open = false;
  };

  readonly #key = (event: KeyboardEvent): void => {
    const buttons = this.#mainButtons();
    const id = this.#focusedId();
    const place = buttons.findIndex((button) => button.dataset.id === id);
    const one = this.#follower?.intents.list(this.tab).find((each) => each.id === id);
    const last = buttons.length - 1;
    const moves: Record<string, number> = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: last };
    const to = moves[event.key];
    if (event.key === 'Escape') this.#close();
    else if (to !== undefined) buttons[Math.max(0, Math.min(to, last))]?.focus();
    else if (event.key === 'Delete' && one) this.#archiveAt(one);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #mainButtons(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('.panel .main')];
  }

  #focusedId(): string | undefined {
    return (this.shadowRoot?.activeElement as HTMLElement | null)?.dataset.id;
  }

  #fire(name: string, detail: unknown): boolean {
    const options = { detail, bubbles: true, composed: true, cancelable: true };
    return this.dispatchEvent(new CustomEvent(name, options));
  }
}
