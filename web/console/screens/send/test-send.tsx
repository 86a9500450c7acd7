import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { type Channel, SendDocument, type SendInput } from '../../gql/graphql';
import { LeftOver } from '../../parts/left-over';
import { newKey } from '../../parts/local-time';
import { useChange } from '../../parts/use-change';
import { type Named, recipient } from './draft';
import { FindOne } from './find-one';
import { TestOutcome } from './test-outcome';

interface Given {
  said: Pick<SendInput, 'template' | 'context' | 'words'>;
  channels: Channel[];
  /** What is sent, as in “The words in the form”. */
  what?: string;
  onClose: () => void;
}

const KEPT = 'belfry.test-recipient';
/** These two are reached by one channel, whatever else is asked for. */
const ADDRESSES = ['email', 'phone'];

function lastOne(): Named | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? 'null');
  } catch {
    return null;
  }
}

/** The same words to one person, before many get them. */
export function TestSend({ said, channels, what = 'What stands in the form', onClose }: Given) {
  const [to, setTo] = useState(lastOne);
  const [locale, setLocale] = useState('');
  const [sent, setSent] = useState<string | null>(null);
  const send = useChange(SendDocument);
  const choose = (named: Named) => {
    localStorage.setItem(KEPT, JSON.stringify(named));
    setTo(named);
  };
  const run = async () => {
    if (!to) return;
    setSent(null);
    const wanted = channels.length && !ADDRESSES.includes(to.by) ? { channels } : {};
    const done = await send.run({
      input: { ...said, ...wanted, to: { recipients: [recipient(to, locale.trim())] }, idempotencyKey: newKey() },
    });
    setSent(done?.send?.id ?? null);
  };
  return (
    <Modal opened onClose={onClose} title="Send a test" size="lg">
      <Stack>
        <Text size="sm">
          {what} goes to one person now, whatever hours or topic it is to have. It is listed among the sends.
        </Text>
        <FindOne verb="Choose" onFound={choose} />
        {to && (
          <Text size="sm">
            To <b>{to.label}</b>, kept in this browser for the next time.
          </Text>
        )}
        {said.template && (
          <TextInput
            label="Language"
            description="A tag like de-AT; empty: their own, or the template's"
            w={240}
            value={locale}
            onChange={(event) => setLocale(event.currentTarget.value)}
          />
        )}
        <LeftOver errors={send.errors} />
        {sent && <TestOutcome id={sent} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Done
          </Button>
          <Button loading={send.busy} disabled={!to} onClick={() => void run()}>
            Send the test
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
