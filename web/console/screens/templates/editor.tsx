import { Button, Grid, Group, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';

import {
  CreateTemplateDocument,
  DeleteTemplateDocument,
  type TemplateQuery,
  UpdateTemplateDocument,
} from '../../gql/graphql';
import { may } from '../../may';
import { Confirm } from '../../parts/confirm';
import { Head } from '../../parts/head';
import { asObject } from '../../parts/json';
import { LeftOver } from '../../parts/left-over';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';
import { useCreate } from '../../parts/use-create';
import { TestSend } from '../send/test-send';
import { type Draft, draftOf, example, wording } from './draft';
import { Naming } from './naming';
import { Preview } from './preview';
import { Variables } from './variables';
import { Variants } from './variants';
import { Versions } from './versions';

interface Given {
  stored: TemplateQuery['template'];
  first: Draft;
  onSaved: () => void;
}

const FIELDS = ['slug', 'title', 'description', 'defaultLocale'];

export function Editor({ stored, first, onSaved }: Given) {
  const [, go] = useLocation();
  const [draft, setDraft] = useState(first);
  const [deleting, askDelete] = useState(false);
  const [testing, test] = useState(false);
  const [context, setContext] = useState<string | null>(null);
  const create = useCreate(CreateTemplateDocument);
  const update = useChange(UpdateTemplateDocument);
  const remove = useChange(DeleteTemplateDocument);
  const change = stored ? update : create;
  const fixed = !may('MANAGE_TEMPLATES');
  const edit = (changed: Partial<Draft>) => setDraft((known) => ({ ...known, ...changed }));

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const { slug, title, description } = draft;
    const said = { title, description, ...wording(draft) };
    const done = stored
      ? await update.run({ input: { template: stored.slug, version: stored.version, ...said } })
      : await create.run({ slug, ...said }, (idempotencyKey) => ({ input: { slug, idempotencyKey, ...said } }));
    if (!done) return;
    tell.done(`“${title}” is saved`);
    if (stored) onSaved();
    else go(`/templates/${slug}`);
  };
  const confirmDelete = async () => {
    if (!stored || !(await remove.run({ input: { template: stored.slug } }))) return;
    tell.done(`“${draft.title}” is deleted`);
    go('/templates');
  };
  const parts = { draft, edit, fixed, at: change.at };
  return (
    <form onSubmit={save}>
      <Head
        title={stored ? draft.title || stored.slug : 'New template'}
        actions={
          !fixed && (
            <>
              {stored && may('SEND') && (
                <Button variant="default" onClick={() => test(true)}>
                  Send a test
                </Button>
              )}
              {stored && (
                <Button variant="default" onClick={() => askDelete(true)}>
                  Delete
                </Button>
              )}
              <Button type="submit" loading={change.busy}>
                Save
              </Button>
            </>
          )
        }
      >
        {stored ? `${stored.slug}, version ${stored.version}` : 'Write it once; each send fills the gaps.'}
      </Head>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack>
            <LeftOver errors={change.rest(FIELDS)} />
            <Naming {...parts} isNew={!stored} />
            <Variables {...parts} />
            <Variants {...parts} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack>
            <Preview draft={draft} own={context} onContext={setContext} />
            {stored && (
              <Versions versions={stored.versions} onTake={(version) => setDraft(draftOf(stored.slug, version))} />
            )}
          </Stack>
        </Grid.Col>
      </Grid>
      {testing && stored && (
        <TestSend
          said={{
            template: { slug: stored.slug, version: stored.version },
            context: asObject(context ?? example(draft)),
          }}
          channels={[]}
          what={`Version ${stored.version}, the last one saved,`}
          onClose={() => test(false)}
        />
      )}
      {deleting && (
        <Confirm
          title={`Delete “${draft.title}”?`}
          verb="Delete the template"
          danger
          busy={remove.busy}
          onClose={() => askDelete(false)}
          onConfirm={confirmDelete}
        >
          <LeftOver errors={remove.rest([])} />
          <Group>What was sent with it stays as it was.</Group>
        </Confirm>
      )}
    </form>
  );
}
