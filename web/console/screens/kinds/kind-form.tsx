import { NativeSelect, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useQuery } from 'urql';

import { CreateKindDocument, TemplateChoicesDocument, UpdateKindDocument } from '../../gql/graphql';
import { DrawerForm } from '../../parts/drawer-form';
import { newKey } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { type TextField, TextFields } from '../../parts/text-fields';
import { useChange } from '../../parts/use-change';
import type { Kind } from '../kinds';

interface Given {
  /** Null makes a new one. */
  kind: Kind | null;
  onClose: () => void;
  onDone: () => void;
}

const KEY: TextField<'key'>[] = [
  { name: 'key', label: 'Name', required: true, lasting: true, hint: 'As your product calls it, like new_order' },
];
const WORDS: TextField<'title' | 'body'>[] = [
  { name: 'title', label: 'Title', hint: 'Jinja2 with key, data, userId and targetId: {{ data.name }} wrote to you' },
  { name: 'body', label: 'Text', hint: 'Filled likewise', long: true },
];
const FIELDS = ['key', 'title', 'body', 'inApp', 'email', 'emailIfUnreadAfter', 'critical', 'template'];

const fresh = { key: '', title: '{{ key }}', body: '' };

export function KindForm({ kind, onClose, onDone }: Given) {
  const [texts, setTexts] = useState(() => (kind ? { key: kind.key, title: kind.title, body: kind.body } : fresh));
  const [inApp, setInApp] = useState(kind?.inApp ?? true);
  const [email, setEmail] = useState(kind?.email ?? false);
  const [wait, setWait] = useState(kind?.emailIfUnreadAfter ? String(kind.emailIfUnreadAfter / 60) : '');
  const [critical, setCritical] = useState(kind?.critical ?? false);
  const [template, setTemplate] = useState(kind?.template ?? '');
  const [idempotencyKey] = useState(newKey);
  const [{ data }] = useQuery({ query: TemplateChoicesDocument, variables: {} });
  const create = useChange(CreateKindDocument);
  const update = useChange(UpdateKindDocument);
  const change = kind ? update : create;
  const submit = async () => {
    const said = {
      ...texts,
      inApp,
      email,
      critical,
      template: email && template ? template : null,
      emailIfUnreadAfter: email && inApp && Number(wait) ? Math.round(Number(wait) * 60) : null,
    };
    const done = kind
      ? await update.run({ input: said })
      : await create.run({ input: { ...said, idempotencyKey } });
    if (!done) return;
    tell.done(kind ? `${texts.key} is changed` : `${texts.key} is made`);
    onClose();
    onDone();
  };
  const slugs = data?.templates.nodes.map((one) => ({ value: one.slug, label: one.title })) ?? [];
  const shared = { values: texts, stored: kind !== null, at: change.at };
  return (
    <DrawerForm
      title={kind ? `Edit ${kind.key}` : 'New kind'}
      verb={kind ? 'Save' : 'Make the kind'}
      busy={change.busy}
      errors={change.rest(FIELDS)}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextFields {...shared} fields={KEY} onChange={(changed) => setTexts({ ...texts, ...changed })} />
      <Switch
        label="Keep it in the inbox"
        checked={inApp}
        error={change.at('inApp')}
        onChange={(event) => setInApp(event.currentTarget.checked)}
      />
      <Switch
        label="Send it by e-mail"
        checked={email}
        error={change.at('email')}
        onChange={(event) => setEmail(event.currentTarget.checked)}
      />
      {email && inApp && (
        <TextInput
          label="Only if it is unread after so many minutes"
          description="Up to 7 days; empty sends it at once"
          inputMode="decimal"
          value={wait}
          error={change.at('emailIfUnreadAfter')}
          onChange={(event) => setWait(event.currentTarget.value)}
        />
      )}
      <Switch
        label="It always comes: nobody can mute it"
        checked={critical}
        error={change.at('critical')}
        onChange={(event) => setCritical(event.currentTarget.checked)}
      />
      {email && slugs.length > 0 && (
        <NativeSelect
          label="Words of the e-mail"
          value={template}
          error={change.at('template')}
          data={[{ value: '', label: 'Title and text' }, ...slugs]}
          onChange={(event) => setTemplate(event.currentTarget.value)}
        />
      )}
      <TextFields {...shared} fields={WORDS} onChange={(changed) => setTexts({ ...texts, ...changed })} />
    </DrawerForm>
  );
}
