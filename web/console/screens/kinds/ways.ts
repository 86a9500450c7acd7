import { span } from '../../parts/format';

interface Outlets {
  inApp: boolean;
  email: boolean;
  emailIfUnreadAfter?: number | null;
}

/** What becomes of a notification of a kind, in words. */
export function ways({ inApp, email, emailIfUnreadAfter: wait }: Outlets): string {
  if (!email) return 'Into the inbox';
  if (!inApp) return 'By e-mail';
  return wait ? `Into the inbox; by e-mail if unread after ${span(wait)}` : 'Into the inbox and by e-mail';
}
