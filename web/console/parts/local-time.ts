/** Between moments and what `<input type="datetime-local">` has: the same in the zone of who looks. */

export function toLocal(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** What is no time goes to the API as it is, which says so at the field. */
export function fromLocal(value: string): string {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? value : at.toISOString();
}

export const inHours = (hours: number): Date => new Date(Date.now() + hours * 3_600_000);

/** A fresh idempotency key; `crypto.randomUUID` is there only over TLS. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
