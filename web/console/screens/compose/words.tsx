import { TextInput } from '@mantine/core';

import type { Fields } from './fields';
import { Message } from './message';

/** What a mailing is called, and what it says. */
export function Words({ draft, change, at }: Fields) {
  return (
    <Message
      draft={draft}
      change={change}
      at={at}
      channels="A recipient gets it once on each that has an address"
      topic="So that recipients can mute just this, as “offers”. E-mails with a topic carry a link to unsubscribe"
      subject={draft.channels.includes('EMAIL') ? 'required' : 'none'}
    >
      <TextInput
        label="Name"
        description="For you and your colleagues; recipients don't see it"
        required
        value={draft.name}
        error={at('name')}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
    </Message>
  );
}
