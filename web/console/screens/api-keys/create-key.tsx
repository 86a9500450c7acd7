import { Alert, Button, Code, CopyButton, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';

import { CreateApiKeyDocument, type Role } from '../../gql/graphql';
import { ZONE } from '../../parts/format';
import { LeftOver } from '../../parts/left-over';
import { fromLocal } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { useCreate } from '../../parts/use-create';

const ROLES: { value: Role; label: string }[] = [
  { value: 'VIEWER', label: 'Viewer: looks, changes nothing' },
  { value: 'SENDER', label: 'Sender: sends, keeps contacts' },
  { value: 'OPERATOR', label: 'Operator: runs mailings and clients too' },
  { value: 'ADMIN', label: 'Admin: all of it' },
];

export function CreateKey({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('SENDER');
  const [end, setEnd] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const create = useCreate(CreateApiKeyDocument);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const said = { name, role, expiresAt: end ? fromLocal(end) : null };
    const done = await create.run(said, (idempotencyKey) => ({ input: { ...said, idempotencyKey } }));
    if (!done) return;
    onDone();
    if (done.secret) return setSecret(done.secret);
    tell.failure({ title: `“${name}” was made, but its secret got lost`, advice: 'Revoke it, and make another.' });
    onClose();
  };
  if (secret !== null) {
    return (
      <Modal opened onClose={onClose} title={`The key “${name}”`} closeOnClickOutside={false} closeOnEscape={false}>
        <Stack>
          <Alert color="yellow" variant="outline" title="Copy it now">
            It is shown this once: Belfry keeps only a hash of it.
          </Alert>
          <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {secret}
          </Code>
          <Group justify="flex-end">
            <CopyButton value={secret}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy}>
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
            <Button onClick={onClose}>I have it</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title="New key">
      <form onSubmit={submit}>
        <Stack>
          <LeftOver errors={create.rest(['name', 'role', 'expiresAt'])} />
          <TextInput
            label="Name"
            description="The service that it is for"
            required
            value={name}
            error={create.at('name')}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label="Role"
            value={role}
            error={create.at('role')}
            data={ROLES}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
          />
          <TextInput
            type="datetime-local"
            label="End"
            description={`Empty: none. In your time zone, ${ZONE}`}
            value={end}
            error={create.at('expiresAt')}
            onChange={(event) => setEnd(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={create.busy}>
              Make the key
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
