import { Button, Drawer, Group, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';

import { type ClientRowFragment, CreateClientDocument, UpdateClientDocument } from '../../gql/graphql';
import { ZONE } from '../../parts/format';
import { LeftOver } from '../../parts/left-over';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';
import { useCreate } from '../../parts/use-create';

interface Given {
  /** Null makes a new one. */
  client: ClientRowFragment | null;
  onClose: () => void;
  onDone: () => void;
}

const ZONES = Intl.supportedValuesOf('timeZone');
const TEXTS = [
  { name: 'phone', label: 'Phone', hint: '7 and 10 more digits' },
  { name: 'operatorCode', label: 'Operator code', hint: 'Three digits; empty takes them from the phone' },
  { name: 'email', label: 'E-mail', hint: '' },
  { name: 'telegram', label: 'Telegram', hint: 'Number of the chat with the bot, or an @name' },
  { name: 'whatsapp', label: 'WhatsApp', hint: '' },
  { name: 'viber', label: 'Viber', hint: '' },
  { name: 'locale', label: 'Language', hint: 'A tag like de-AT; templates speak it' },
] as const;
const FIELDS = [...TEXTS.map((one) => one.name), 'tags', 'timeZone'];

type Texts = Record<(typeof TEXTS)[number]['name'], string>;

const textsOf = (client: ClientRowFragment | null): Texts =>
  Object.fromEntries(TEXTS.map(({ name }) => [name, client?.[name] ?? ''])) as Texts;

export function ClientForm({ client, onClose, onDone }: Given) {
  const [texts, setTexts] = useState(() => textsOf(client));
  const [tags, setTags] = useState(client?.tags ?? []);
  const [timeZone, setTimeZone] = useState<string | null>(client?.timeZone ?? ZONE);
  const create = useCreate(CreateClientDocument);
  const update = useChange(UpdateClientDocument);
  const change = client ? update : create;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { phone, operatorCode, ...addresses } = texts;
    const cleared = Object.fromEntries(Object.entries(addresses).map(([name, text]) => [name, text.trim() || null]));
    const said = { ...cleared, phone, tags, timeZone: timeZone ?? 'UTC', ...(operatorCode ? { operatorCode } : {}) };
    const done = client
      ? await update.run({ input: { id: client.id, ...said } })
      : await create.run(said, (idempotencyKey) => ({ input: { ...said, idempotencyKey } }));
    if (!done) return;
    tell.done(client ? `${phone} is changed` : `${phone} is added`);
    onClose();
    onDone();
  };
  return (
    <Drawer opened onClose={onClose} position="right" title={client ? `Edit ${client.phone}` : 'New client'}>
      <form onSubmit={submit}>
        <Stack>
          <LeftOver errors={change.rest(FIELDS)} />
          {TEXTS.map(({ name, label, hint }) => (
            <TextInput
              key={name}
              label={label}
              description={hint}
              required={name === 'phone'}
              value={texts[name]}
              error={change.at(name)}
              onChange={(event) => setTexts({ ...texts, [name]: event.currentTarget.value })}
            />
          ))}
          <TagsInput label="Tags" acceptValueOnBlur value={tags} error={change.at('tags')} onChange={setTags} />
          <Select
            label="Time zone"
            description="By which hours of the day are kept"
            searchable
            limit={50}
            data={ZONES.includes('UTC') ? ZONES : ['UTC', ...ZONES]}
            value={timeZone}
            error={change.at('timeZone')}
            onChange={setTimeZone}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={change.busy}>
              {client ? 'Save' : 'Add the client'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
