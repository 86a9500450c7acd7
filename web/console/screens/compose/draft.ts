/** What is being composed, as its form has it. */

import type { Channel, CreateMailingInput } from '../../gql/graphql';
import { contextOf } from '../../parts/context';
import { fromLocal } from '../../parts/local-time';
import type { FromTemplate } from '../../parts/template-choice';
import { audience, type Chosen, nobody } from './chosen';
import { type Times, times, windowOf } from './times';

export interface Draft extends FromTemplate, Chosen, Times {
  name: string;
  channels: Channel[];
  subject: string;
  text: string;
  topic: string;
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
  gaps: [],
  typed: {},
  ...nobody(),
  ...times(),
});

export function words({ template, gaps, typed, channels, subject, text }: Draft) {
  if (template) return { template: { slug: template }, context: contextOf(gaps, typed) };
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
    window: windowOf(draft),
    idempotencyKey,
  };
}
