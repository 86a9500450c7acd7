import { Checkbox, Group, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';

import { type Channel, SendToContactsDocument } from '../../gql/graphql';
import { DrawerForm } from '../../parts/drawer-form';
import { counted, ZONE } from '../../parts/format';
import { fromLocal, newKey } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';
import { CHANNELS } from '../../parts/words';

interface Given {
  names: string[];
  onClose: () => void;
  onDone: () => void;
}

const MESSENGERS: Channel[] = ['TELEGRAM', 'WHATSAPP', 'VIBER'];
const FIELDS = ['text', 'notBefore', 'endAt', 'channels', 'names'];

/** One text for several contacts. */
export function Write({ names, onClose, onDone }: Given) {
  const [text, setText] = useState('');
  const [start, setStart] = useState('');
  const [end, setEnd] = useState('');
  const [channels, setChannels] = useState<Channel[]>([]);
  const [idempotencyKey] = useState(newKey);
  const send = useChange(SendToContactsDocument);
  const submit = async () => {
    const done = await send.run({
      input: {
        names,
        text,
        channels: channels.length ? channels : null,
        notBefore: start ? fromLocal(start) : null,
        endAt: end ? fromLocal(end) : null,
        idempotencyKey,
      },
    });
    if (!done) return;
    const number = done.results.reduce((sum, one) => sum + one.messages.length, 0);
    tell.done(`${counted(number, 'message')} on the way to ${counted(done.results.length, 'contact')}`);
    onClose();
    onDone();
  };
  return (
    <DrawerForm
      title={`Write to ${counted(names.length, 'contact')}`}
      verb="Send"
      busy={send.busy}
      errors={send.rest(FIELDS)}
      onSubmit={submit}
      onClose={onClose}
    >
      <Text size="sm">To {names.join(', ')}</Text>
      {send.at('names') && (
        <Text size="sm" c="red" role="alert">
          {send.at('names')}
        </Text>
      )}
      <Textarea
        label="Text"
        required
        autosize
        minRows={4}
        maxRows={16}
        value={text}
        error={send.at('text')}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Checkbox.Group
        label="Only by"
        description="None chosen: by every messenger that they have"
        error={send.at('channels')}
        value={channels}
        onChange={(chosen) => setChannels(chosen as Channel[])}
      >
        <Group mt="xs">
          {MESSENGERS.map((one) => (
            <Checkbox key={one} value={one} label={CHANNELS[one]} />
          ))}
        </Group>
      </Checkbox.Group>
      <TextInput
        type="datetime-local"
        label="Not before"
        description={`Empty: at once. In your time zone, ${ZONE}`}
        value={start}
        error={send.at('notBefore')}
        onChange={(event) => setStart(event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label="Until"
        description="Empty: it is tried for 3 days"
        value={end}
        error={send.at('endAt')}
        onChange={(event) => setEnd(event.currentTarget.value)}
      />
    </DrawerForm>
  );
}
