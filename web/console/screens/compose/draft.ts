/** What is being composed, as its form has it. */

import type { AudienceInput, Channel, CreateMailingInput } from '../../gql/graphql';
import { asObject } from '../../parts/json';
import { fromLocal, inHours, toLocal } from '../../parts/local-time';

export interface Draft {
  name: string;
  channels: Channel[];
  subject: string;
  text: string;
  topic: string;
  /** The template's name; empty for words of one's own. */
  template: string;
  /** JSON. */
  context: string;
  everyone: boolean;
  tags: string[];
  operatorCodes: string[];
  timeZones: string[];
  groups: string[];
  segments: string[];
  now: boolean;
  start: string;
  end: string;
  windowed: boolean;
  opens: string;
  closes: string;
}

/** Names of form fields, as the API's errors have them. */
export const FIELDS = ['name', 'channels', 'subject', 'text', 'topic', 'template', 'context', 'audience', 'startAt', 'endAt', 'window'];

export const fresh = (): Draft => ({
  name: '',
  channels: ['SENDING_API'],
  subject: '',
  text: '',
  topic: '',
  template: '',
  context: '',
  everyone: false,
  tags: [],
  operatorCodes: [],
  timeZones: [],
  groups: [],
  segments: [],
  now: true,
  start: toLocal(inHours(1)),
  end: toLocal(inHours(24)),
  windowed: false,
  opens: '09:00',
  closes: '20:00',
});

/** Whom it is for; null while nobody is chosen. */
export function audience(draft: Draft): AudienceInput | null {
  if (draft.everyone) return { all: true };
  const { tags, operatorCodes, timeZones, groups, segments } = draft;
  const chosen = [tags, operatorCodes, timeZones, groups, segments].some((list) => list.length > 0);
  return chosen ? { tags, operatorCodes, timeZones, groups, segments } : null;
}

function words({ template, context, channels, subject, text }: Draft) {
  if (template) return { template: { slug: template }, context: asObject(context) };
  return { subject: channels.includes('EMAIL') ? subject : '', text };
}

export function written(draft: Draft, idempotencyKey: string): CreateMailingInput {
  return {
    name: draft.name,
    channels: draft.channels,
    ...words(draft),
    topic: draft.topic.trim() || null,
    audience: audience(draft) ?? {},
    startAt: draft.now ? new Date().toISOString() : fromLocal(draft.start),
    endAt: fromLocal(draft.end),
    window: draft.windowed ? { from: draft.opens, to: draft.closes } : null,
    idempotencyKey,
  };
}
