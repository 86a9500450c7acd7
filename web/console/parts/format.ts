const COUNT = new Intl.NumberFormat();
const RATE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const count = (number: number): string => COUNT.format(number);

export const rate = (perSecond: number): string => `${RATE.format(perSecond)}/s`;

export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** A length of time in its two largest units. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

/** `SENDING_API` as a word of a sentence. */
export const word = (name: string): string => name.toLowerCase().replaceAll('_', ' ');

export const title = (name: string): string => word(name).replace(/^./, (first) => first.toUpperCase());
