import { Checkbox, Fieldset, Group, Stack, Textarea, TextInput } from '@mantine/core';

import type { Channel } from '../../gql/graphql';
import { TemplateChoice } from '../../parts/template-choice';
import type { Told } from '../../parts/told';
import { CHANNELS } from '../../parts/words';
import type { Fields } from '../compose/fields';
import type { Draft } from './draft';

interface Given extends Fields<Draft> {
  errors: Told[];
}

/** What it says, by which channels, and about what. */
export function Says({ draft, change, at, errors }: Given) {
  // A variable may be missing for each recipient by itself.
  const atGap = (name: string) => errors.find(({ field }) => field.endsWith(`context.${name}`))?.message;
  return (
    <Fieldset legend="Message">
      <Stack>
        <TemplateChoice draft={draft} change={change} at={at} atGap={atGap} />
        {!draft.template && (
          <>
            <TextInput
              label="Subject"
              description="For e-mail"
              value={draft.subject}
              error={at('words.subject')}
              onChange={(event) => change({ subject: event.currentTarget.value })}
            />
            <Textarea
              label="Text"
              required
              autosize
              minRows={4}
              maxRows={16}
              value={draft.text}
              error={at('words.text') ?? at('template')}
              onChange={(event) => change({ text: event.currentTarget.value })}
            />
          </>
        )}
        <Checkbox.Group
          label="Channels"
          description="None chosen: each gets it by every way that they have"
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
        <TextInput
          label="Topic"
          description="So that recipients can mute just this; who has muted it gets nothing"
          value={draft.topic}
          error={at('topic')}
          onChange={(event) => change({ topic: event.currentTarget.value })}
        />
      </Stack>
    </Fieldset>
  );
}
