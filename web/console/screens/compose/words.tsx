import { Checkbox, Fieldset, Group, Stack, Textarea, TextInput } from '@mantine/core';

import type { Channel } from '../../gql/graphql';
import { TemplateChoice } from '../../parts/template-choice';
import { CHANNELS } from '../../parts/words';
import type { Fields } from './fields';

/** What it says, and by which channels. */
export function Words({ draft, change, at }: Fields) {
  return (
    <Fieldset legend="Message">
      <Stack>
        <TextInput
          label="Name"
          description="For you and your colleagues; recipients don't see it"
          required
          value={draft.name}
          error={at('name')}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <Checkbox.Group
          label="Channels"
          description="A recipient gets it once on each that has an address"
          error={at('channels')}
          value={draft.channels}
          onChange={(channels) => change({ channels: channels as Channel[] })}
        >
          <Group mt="xs">
            {Object.entries(CHANNELS).map(([value, label]) => (
              <Checkbox key={value} value={value} label={label} />
            ))}
          </Group>
        </Checkbox.Group>
        <TemplateChoice draft={draft} change={change} at={at} />
        {!draft.template && draft.channels.includes('EMAIL') && (
          <TextInput
            label="Subject"
            required
            value={draft.subject}
            error={at('subject')}
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
            error={at('text')}
            onChange={(event) => change({ text: event.currentTarget.value })}
          />
        )}
        <TextInput
          label="Topic"
          description="So that recipients can mute just this, as “offers”. E-mails with a topic carry a link to unsubscribe"
          value={draft.topic}
          error={at('topic')}
          onChange={(event) => change({ topic: event.currentTarget.value })}
        />
      </Stack>
    </Fieldset>
  );
}
