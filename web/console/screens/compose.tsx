import { Button, Grid, Group, Stack } from '@mantine/core';
import { IconChecklist, IconFlask } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';

import { CreateMailingDocument, type CreateMailingMutationVariables, PreviewDocument } from '../gql/graphql';
import { Head } from '../parts/head';
import { LeftOver } from '../parts/left-over';
import { tell } from '../parts/tell';
import { useAsk } from '../parts/use-ask';
import { useCreate } from '../parts/use-create';
import { Check } from './compose/check';
import { audience } from './compose/chosen';
import { type Draft, FIELDS, fresh, written } from './compose/draft';
import { Reach } from './compose/reach';
import { When } from './compose/when';
import { Whom } from './compose/whom';
import { Words } from './compose/words';
import { said } from './send/draft';
import { TestSend } from './send/test-send';

export default function Compose() {
  const [, go] = useLocation();
  const [draft, setDraft] = useState(fresh);
  /** What was checked is what is sent, also if it has to be sent twice. */
  const [checked, setChecked] = useState<CreateMailingMutationVariables | null>(null);
  const [testing, test] = useState(false);
  const check = useAsk(PreviewDocument);
  const create = useCreate(CreateMailingDocument);
  const preview = check.found?.preview;

  const change = (changed: Partial<Draft>) => setDraft((known) => ({ ...known, ...changed }));
  const at = (field: string) => create.at(field) ?? check.at(field);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.forget();
    const said = create.written(draft, (key) => ({ input: written(draft, key) }));
    setChecked(said);
    void check.ask(said);
  };
  const confirm = async () => {
    if (!checked) return;
    const done = await create.run(draft, () => checked);
    // Without an answer the same may be sent once more.
    if (done !== undefined) check.close();
    if (!done?.mailing) return;
    tell.done(draft.now ? `“${draft.name}” goes off` : `“${draft.name}” is scheduled`);
    go(`/mailings/${encodeURIComponent(done.mailing.id)}`);
  };
  const fields = { draft, change, at };
  return (
    <>
      <Head title="Compose a mailing">Nothing leaves before you have seen the check and said so.</Head>
      <form onSubmit={submit} noValidate>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: 8 }}>
            <Stack>
              <LeftOver errors={[...create.rest(FIELDS), ...check.rest(FIELDS)]} />
              <Words {...fields} />
              <Whom {...fields} />
              <When {...fields} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4 }}>
            <Stack pos="sticky" top={76}>
              <Reach audience={audience(draft)} channels={draft.channels} />
              <Group>
                <Button variant="default" leftSection={<IconFlask size={18} />} onClick={() => test(true)}>
                  Send a test
                </Button>
                <Button type="submit" loading={check.busy} leftSection={<IconChecklist size={18} />}>
                  Check and send
                </Button>
              </Group>
            </Stack>
          </Grid.Col>
        </Grid>
      </form>
      {testing && <TestSend said={said(draft)} channels={draft.channels} onClose={() => test(false)} />}
      {preview && (
        <Check
          preview={preview}
          name={draft.name}
          now={draft.now}
          busy={create.busy}
          onConfirm={confirm}
          onClose={check.close}
        />
      )}
    </>
  );
}
