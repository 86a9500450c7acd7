import { Button, Grid, Group, Stack } from '@mantine/core';
import { IconFlask, IconSend } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';

import { SendDocument, type SendMutationVariables } from '../gql/graphql';
import { Head } from '../parts/head';
import { LeftOver } from '../parts/left-over';
import { tell } from '../parts/tell';
import { useCreate } from '../parts/use-create';
import { Message } from './compose/message';
import { Reach } from './compose/reach';
import { When } from './compose/when';
import { Ask } from './send/ask';
import { type Draft, FIELDS, fresh, said, wide, written } from './send/draft';
import { Seen } from './send/seen';
import { TestSend } from './send/test-send';
import { To } from './send/to';

/** Something that leaves at once: words, and whom they are for. */
export default function Send() {
  const [, go] = useLocation();
  const [draft, setDraft] = useState(fresh);
  /** What was asked about is what is sent, also if it has to be sent twice. */
  const [asked, ask] = useState<SendMutationVariables | null>(null);
  const [testing, test] = useState(false);
  const send = useCreate(SendDocument);
  const change = (changed: Partial<Draft>) => setDraft((known) => ({ ...known, ...changed }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.forget();
    ask(send.written(draft, (key) => ({ input: written(draft, key) })));
  };
  const confirm = async () => {
    if (!asked) return;
    const done = await send.run(draft, () => asked);
    // Without an answer the same may be sent once more.
    if (done !== undefined) ask(null);
    if (!done?.send) return;
    tell.done('It is on its way');
    go(`/sends/${encodeURIComponent(done.send.id)}`);
  };
  const fields = { draft, change, at: send.at };
  return (
    <>
      <Head title="New send">A template or a few words, to people whom you name or to many.</Head>
      <form onSubmit={submit} noValidate>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: 7 }}>
            <Stack>
              <LeftOver errors={send.rest(FIELDS)} />
              <Message
                {...fields}
                channels="None chosen: each gets it by every way that they have"
                topic="So that recipients can mute just this; who has muted it gets nothing"
                within="words."
                subject="optional"
                // A variable may be missing for each recipient by itself.
                atGap={(name) => send.errors.find(({ field }) => field.endsWith(`context.${name}`))?.message}
              />
              <To {...fields} errors={send.errors} />
              <When
                {...fields}
                end={{ label: 'An end other than after 3 days', wanted: draft.ends, want: (ends) => change({ ends }) }}
              />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <Stack pos="sticky" top={76}>
              <Seen draft={draft} />
              {draft.to !== 'named' && (
                <Reach audience={wide(draft)} {...(draft.channels.length ? { channels: draft.channels } : {})} />
              )}
              <Group>
                <Button variant="default" leftSection={<IconFlask size={18} />} onClick={() => test(true)}>
                  Send a test
                </Button>
                <Button type="submit" leftSection={<IconSend size={18} />}>
                  Send
                </Button>
              </Group>
            </Stack>
          </Grid.Col>
        </Grid>
      </form>
      {asked && <Ask draft={draft} busy={send.busy} onConfirm={confirm} onClose={() => ask(null)} />}
      {testing && <TestSend said={said(draft)} channels={draft.channels} onClose={() => test(false)} />}
    </>
  );
}
