import type { BellNotification } from './bell';

const MOST = 3;

/** The newest arrivals, each for some seconds; none goes while the pointer or the focus is on them. */
export class Toasts {
  shown: BellNotification[] = [];
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #seconds = 0;

  constructor(readonly onChange: () => void) {}

  add(one: BellNotification, seconds: number): void {
    this.#seconds = seconds;
    for (const old of this.shown.slice(0, Math.max(0, this.shown.length + 1 - MOST))) {
      this.remove(old.id);
    }
    this.shown = [...this.shown, one];
    this.#wait(one.id);
    this.onChange();
  }

  remove(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.shown = this.shown.filter((one) => one.id !== id);
    this.onChange();
  }

  readonly hold = (): void => {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  };

  readonly release = (): void => {
    for (const one of this.shown) this.#wait(one.id);
  };

  clear(): void {
    this.hold();
    this.#timers.clear();
    this.shown = [];
  }

  #wait(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      setTimeout(() => this.remove(id), this.#seconds * 1_000),
    );
  }
}
