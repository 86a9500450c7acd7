import type { BellStrings } from './bell';

export const ENGLISH: BellStrings = {
  label: 'Notifications',
  unread: (count) => `${count} unread`,
  all: 'All',
  onlyUnread: 'Unread',
  markAllRead: 'Mark all as read',
  archive: 'Archive',
  empty: 'Nothing here yet.',
  emptyUnread: 'All read.',
  loading: 'Loading…',
  reconnecting: 'Reconnecting…',
  refused: 'Please sign in again.',
  failed: 'Please try again.',
  arrived: (titles, unread) =>
    `${titles[1] ? `${titles.length} new notifications` : `New notification: ${titles[0]}`}. ${unread} unread.`,
  dismiss: 'Dismiss',
};

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "5 minutes ago"; the date, of what is older than a week. */
export function ago(moment: Date, now: Date, locale: string): string {
  const seconds = (moment.getTime() - now.getTime()) / 1_000;
  if (seconds < -7 * 86_400) return moment.toLocaleDateString(locale, { dateStyle: 'medium' });
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const [unit, size] = STEPS.find(([, length]) => -seconds >= length) ?? ['second', 1];
  return words.format(unit === 'second' ? 0 : Math.trunc(seconds / size), unit);
}

/** A badge has room for two digits. */
export const badge = (count: number): string => (count > 99 ? '99+' : String(count));
