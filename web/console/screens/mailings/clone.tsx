import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';

import { CloneMailingDocument } from '../../gql/graphql';
import { ZONE } from '../../parts/format';
import { LeftOver } from '../../parts/left-over';
import { fromLocal, inHours, toLocal } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { useCreate } from '../../parts/use-create';

interface Given {
  mailing: { id: string; name: string };
  onClose: () => void;
  onDone: () => void;
}

/** The same again, at another time. */
export function Clone({ mailing, onClose, onDone }: Given) {
  const [name, setName] = useState(`${mailing.name} (again)`.slice(0, 200));
  const [start, setStart] = useState(() => toLocal(inHours(1)));
  const [end, setEnd] = useState(() => toLocal(inHours(25)));
  const clone = useCreate(CloneMailingDocument);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const said = { id: mailing.id, name, startAt: fromLocal(start), endAt: fromLocal(end) };
    if (await clone.run(said, (idempotencyKey) => ({ input: { ...said, idempotencyKey } }))) {
      tell.done(`“${name}” is scheduled`);
      onClose();
      onDone();
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Clone “${mailing.name}”`}>
      <form onSubmit={submit}>
        <Stack>
          <LeftOver errors={clone.rest(['name', 'startAt', 'endAt'])} />
          <TextInput
            label="Name"
            required
            value={name}
            error={clone.at('name')}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label="Start"
            description={`In your time zone, ${ZONE}`}
            required
            value={start}
            error={clone.at('startAt')}
            onChange={(event) => setStart(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label="End"
            description="What has not left by then expires"
            required
            value={end}
            error={clone.at('endAt')}
            onChange={(event) => setEnd(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={clone.busy}>
              Schedule the clone
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
