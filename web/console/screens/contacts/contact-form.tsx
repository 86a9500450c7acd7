import { useState } from 'react';

import { type ContactRowFragment, CreateContactDocument, UpdateContactDocument } from '../../gql/graphql';
import { DrawerForm } from '../../parts/drawer-form';
import { newKey } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { TextFields, textsOf } from '../../parts/text-fields';
import { useChange } from '../../parts/use-change';

interface Given {
  /** Null makes a new one. */
  contact: ContactRowFragment | null;
  onClose: () => void;
  onDone: () => void;
}

const FIELDS = [
  { name: 'name', label: 'Name', required: true, hint: 'You write to them by it, in any case' },
  { name: 'telegram', label: 'Telegram', hint: 'Number of the chat with the bot, or an @name' },
  { name: 'whatsapp', label: 'WhatsApp', hint: 'A phone, with the code of its country' },
  { name: 'viber', label: 'Viber', hint: 'The id that the bot has for them' },
] as const;

export function ContactForm({ contact, onClose, onDone }: Given) {
  const [texts, setTexts] = useState(() => textsOf(FIELDS, contact));
  const [idempotencyKey] = useState(newKey);
  const create = useChange(CreateContactDocument);
  const update = useChange(UpdateContactDocument);
  const change = contact ? update : create;
  const submit = async () => {
    const { name, ...handles } = texts;
    const said = Object.fromEntries(Object.entries(handles).map(([way, handle]) => [way, handle.trim() || null]));
    const done = contact
      ? await update.run({ input: { id: contact.id, name, ...said } })
      : await create.run({ input: { name, ...said, idempotencyKey } });
    if (!done) return;
    tell.done(contact ? `${name} is changed` : `${name} is added`);
    onClose();
    onDone();
  };
  return (
    <DrawerForm
      title={contact ? `Edit ${contact.name}` : 'New contact'}
      verb={contact ? 'Save' : 'Add the contact'}
      busy={change.busy}
      errors={change.rest(FIELDS.map((one) => one.name))}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextFields fields={FIELDS} values={texts} stored={contact !== null} at={change.at} onChange={setTexts} />
    </DrawerForm>
  );
}
