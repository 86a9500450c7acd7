/** What is being sent, as its form has it. */

import type { AudienceInput, Channel, RecipientInput, SendInput, SendToAll, SendToInput } from '../../gql/graphql';
import { contextOf } from '../../parts/context';
import { fromLocal } from '../../parts/local-time';
import type { FromTemplate } from '../../parts/template-choice';
import { type Times, times, windowOf } from '../compose/times';

export type By = 'email' | 'phone' | 'clientId' | 'userId' | 'contactName';

/** One of those who are named. */
export interface Named {
  by: By;
  value: string;
  /** What people call it. */
  label: string;
}

export type Wide = 'group' | 'segment' | 'all';

export interface Draft extends FromTemplate, Times {
  subject: string;
  text: string;
  to: 'named' | Wide;
  named: Named[];
  group: string;
  segment: string;
  all: SendToAll;
  locale: string;
  channels: Channel[];
  topic: string;
  /** Whether it ends at `end`, and not when the API usually would. */
  ends: boolean;
}

/** Names of form fields, as the API's errors have them. */
export const FIELDS = ['to', 'template', 'context', 'words', 'channels', 'topic', 'startAt', 'endAt', 'window'];

export const fresh = (named: Named[] = []): Draft => ({
  template: '',
  gaps: [],
  typed: {},
  subject: '',
  text: '',
  to: 'named',
  named,
  group: '',
  segment: '',
  all: 'CLIENTS',
  locale: '',
  channels: [],
  topic: '',
  ends: false,
  ...times(),
});

export const recipient = ({ by, value }: Named, locale: string): RecipientInput => ({
  [by]: value,
  ...(locale ? { locale } : {}),
});

function to(draft: Draft): SendToInput {
  switch (draft.to) {
    case 'group':
      return { group: draft.group };
    case 'segment':
      return { segment: draft.segment };
    case 'all':
      return { all: draft.all };
    default:
      return { recipients: draft.named.map((one) => recipient(one, draft.locale.trim())) };
  }
}

/** Those who are not named, as they are counted. */
export function wide(draft: Draft): AudienceInput | null {
  if (draft.to === 'group') return draft.group ? { groups: [draft.group] } : null;
  if (draft.to === 'segment') return draft.segment ? { segments: [draft.segment] } : null;
  if (draft.to === 'named') return null;
  return { all: draft.all !== 'USERS', allUsers: draft.all !== 'CLIENTS' };
}

export const said = ({ template, gaps, typed, subject, text }: FromTemplate & { subject: string; text: string }) =>
  template ? { template: { slug: template }, context: contextOf(gaps, typed) } : { words: { subject, text } };

export const written = (draft: Draft, idempotencyKey: string): SendInput => ({
  ...said(draft),
  to: to(draft),
  channels: draft.channels.length ? draft.channels : null,
  topic: draft.topic.trim() || null,
  startAt: draft.now ? null : fromLocal(draft.start),
  endAt: draft.ends ? fromLocal(draft.end) : null,
  window: windowOf(draft),
  idempotencyKey,
});
