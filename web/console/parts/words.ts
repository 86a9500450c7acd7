/** What people call the schema's enums, and the colours that stand for them. */

import type { Channel, MailingStatus, MessageStatus } from '../gql/graphql';

export const CHANNELS: Record<Channel, string> = {
  SENDING_API: 'Sending API',
  EMAIL: 'E-mail',
  TELEGRAM: 'Telegram',
  WHATSAPP: 'WhatsApp',
  VIBER: 'Viber',
};

/** In the order of a bar: what is done first, what waits last. */
export const STATUSES: Record<MessageStatus, { label: string; color: string; key: keyof ByStatus; means: string }> = {
  SENT: { label: 'Sent', color: 'teal.7', key: 'sent', means: 'accepted by the provider' },
  FAILED: { label: 'Failed', color: 'red.7', key: 'failed', means: 'the provider would not take it' },
  UNDELIVERABLE: { label: 'Undeliverable', color: 'orange.8', key: 'undeliverable', means: 'no such address' },
  UNCERTAIN: { label: 'Uncertain', color: 'grape.7', key: 'uncertain', means: 'may have arrived: the answer was lost' },
  EXPIRED: { label: 'Expired', color: 'yellow.8', key: 'expired', means: 'not sent before the end' },
  SUPPRESSED: { label: 'Suppressed', color: 'cyan.8', key: 'suppressed', means: 'muted, or on the suppression list' },
  CANCELLED: { label: 'Cancelled', color: 'gray.7', key: 'cancelled', means: 'taken back before it left' },
  SENDING: { label: 'Sending', color: 'blue.6', key: 'sending', means: 'leaving just now' },
  PENDING: { label: 'Waiting', color: 'gray.5', key: 'pending', means: 'due now or later' },
};

export interface ByStatus {
  total: number;
  sent: number;
  failed: number;
  undeliverable: number;
  uncertain: number;
  expired: number;
  suppressed: number;
  cancelled: number;
  sending: number;
  pending: number;
}

/** A message that ended otherwise than it should. */
export const TROUBLES: MessageStatus[] = ['FAILED', 'UNDELIVERABLE', 'UNCERTAIN', 'EXPIRED'];

export const MAILING_COLORS: Record<MailingStatus, string> = {
  SCHEDULED: 'indigo',
  RUNNING: 'teal',
  PAUSED: 'yellow',
  FINISHED: 'gray.6',
  CANCELLED: 'red',
};

export const ended = (counts: ByStatus): number => counts.total - counts.pending - counts.sending;
