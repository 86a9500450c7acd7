import { Anchor, Button, Checkbox, Table, TextInput } from '@mantine/core';
import { IconAddressBook, IconPlus, IconSearch, IconSend } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';

import { type ContactRowFragment, ContactsDocument, DeleteContactDocument } from '../gql/graphql';
import { Head } from '../parts/head';
import { ACTIONS } from '../parts/listing';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Records } from '../parts/records';
import { RowActions } from '../parts/row-actions';
import { useChange } from '../parts/use-change';
import { useFilter } from '../parts/use-filter';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { ContactForm } from './contacts/contact-form';
import { Write } from './contacts/write';

type Open = { what: 'form'; contact: ContactRowFragment | null } | { what: 'write' };

const COLUMNS = [{ label: 'Choose', hidden: true, width: 1 }, 'Name', 'Telegram', 'WhatsApp', 'Viber', 'Changed', ACTIONS];

/** The caller's own. */
export default function Contacts() {
  const filter = useFilter(['name']);
  const pages = usePages();
  const [open, setOpen] = useState<Open | null>(null);
  const [chosen, setChosen] = useState<string[]>([]);
  const name = filter.one('name');
  const [{ data, error }, ask] = usePolled(ContactsDocument, { after: pages.after, name }, 30);
  const remove = useChange(DeleteContactDocument);
  const choose = (one: string, on: boolean) =>
    setChosen((known) => (on ? [...known, one] : known.filter((each) => each !== one)));
  const isNew = <Button onClick={() => setOpen({ what: 'form', contact: null })}>Add the first one</Button>;
  return (
    <>
      <Head
        title="Contacts"
        actions={
          <>
            <TextInput
              aria-label="Search"
              placeholder="Name"
              leftSection={<IconSearch size={16} />}
              value={name}
              onChange={(event) => {
                pages.first();
                filter.set('name', event.currentTarget.value);
              }}
            />
            <Button
              variant="default"
              disabled={!chosen.length}
              leftSection={<IconSend size={16} />}
              onClick={() => setOpen({ what: 'write' })}
            >
              {chosen.length ? `Write to ${chosen.length}` : 'Write'}
            </Button>
            <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen({ what: 'form', contact: null })}>
              New contact
            </Button>
          </>
        }
      >
        Your own; no colleague sees them. What did not reach them is under{' '}
        <Anchor component={Link} href="/failed" size="sm" underline="always">
          Failed messages
        </Anchor>
        .
      </Head>
      <Records
        found={data?.contacts}
        error={error}
        onRetry={ask}
        pages={pages}
        label="Contacts"
        minWidth={760}
        columns={COLUMNS}
        nothing={
          <Nothing
            icon={<IconAddressBook />}
            title={name ? 'Nobody is called so' : 'No contacts yet'}
            action={name ? undefined : isNew}
          >
            A contact is a name with handles at messengers. Choose some by name, and a text goes to each on every
            messenger that they have.
          </Nothing>
        }
      >
        {(contact) => (
          <Table.Tr key={contact.id}>
            <Table.Td>
              <Checkbox
                aria-label={`Choose ${contact.name}`}
                checked={chosen.includes(contact.name)}
                onChange={(event) => choose(contact.name, event.currentTarget.checked)}
              />
            </Table.Td>
            <Table.Td className="words">{contact.name}</Table.Td>
            <Table.Td>{contact.telegram ?? '—'}</Table.Td>
            <Table.Td>{contact.whatsapp ?? '—'}</Table.Td>
            <Table.Td>{contact.viber ?? '—'}</Table.Td>
            <Table.Td>
              <Moment at={contact.updatedAt} />
            </Table.Td>
            <Table.Td>
              <RowActions
                name={contact.name}
                what="the contact"
                onEdit={() => setOpen({ what: 'form', contact })}
                remove={{
                  change: remove,
                  variables: { input: { id: contact.id } },
                  after: 'What waits for them is cancelled; what was sent stays on record.',
                }}
                onDone={() => {
                  choose(contact.name, false);
                  ask();
                }}
              />
            </Table.Td>
          </Table.Tr>
        )}
      </Records>
      {open?.what === 'form' && <ContactForm contact={open.contact} onClose={() => setOpen(null)} onDone={ask} />}
      {open?.what === 'write' && (
        <Write names={chosen} onClose={() => setOpen(null)} onDone={() => setChosen([])} />
      )}
    </>
  );
}
