import { Checkbox, Fieldset, Group, Stack, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Channel } from '../../gql/graphql';
import { type FromTemplate, TemplateChoice } from '../../parts/template-choice';
import { CHANNELS } from '../../parts/words';
import type { Fields } from './fields';

interface Written extends FromTemplate {
  channels: Channel[];
  subject: string;
  text: string;
  topic: string;
}

interface Given extends Fields<Written> {
  /** What it means to choose some. */
  channels: string;
  /** What comes of a topic. */
  topic: string;
  /** How the API's errors call what holds subject and text, with a dot; empty if nothing does. */
  within?: string;
  /** Whether a subject is asked for, and whether it must be there. */
  subject: 'required' | 'optional' | 'none';
  atGap?: (name: string) => string | undefined;
  children?: ReactNode;
}

/** What it says, by which channels, and about what. */
export function Message({ draft, change, at, channels, topic, within = '', subject, atGap, children }: Given) {
  return (
    <Fieldset legend="Message">
      <Stack>
        {children}
        <Checkbox.Group
          label="Channels"
          description={channels}
          error={at('channels')}
          value={draft.channels}
          onChange={(chosen) => change({ channels: chosen as Channel[] })}
        >
          <Group mt="xs">
            {Object.entries(CHANNELS).map(([value, label]) => (
              <Checkbox key={value} value={value} label={label} />
            ))}
          </Group>
        </Checkbox.Group>
        <TemplateChoice draft={draft} change={change} at={at} {...(atGap ? { atGap } : {})} />
        {!draft.template && subject !== 'none' && (
          <TextInput
            label="Subject"
            description="For e-mail"
            required={subject === 'required'}
            value={draft.subject}
            error={at(`${within}subject`)}
            onChange={(event) => change({ subject: event.currentTarget.value })}
          />
        )}
        {!draft.template && (
          <Textarea
            label="Text"
            required
            autosize
            minRows={4}
            maxRows={16}
            value={draft.text}
            error={at(`${within}text`) ?? at('template')}
            onChange={(event) => change({ text: event.currentTarget.value })}
          />
        )}
        <TextInput
          label="Topic"
          description={topic}
          value={draft.topic}
          error={at('topic')}
          onChange={(event) => change({ topic: event.currentTarget.value })}
        />
      </Stack>
    </Fieldset>
  );
}
