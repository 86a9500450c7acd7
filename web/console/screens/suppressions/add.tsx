import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';

import { AddSuppressionDocument, type Channel } from '../../gql/graphql';
import { LeftOver } from '../../parts/left-over';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';
import { CHANNELS } from '../../parts/words';

export function AddSuppression({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [channel, setChannel] = useState<Channel>('EMAIL');
  const [address, setAddress] = useState('');
  const [note, setNote] = useState('');
  const add = useChange(AddSuppressionDocument);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await add.run({ input: { channel, address, note } }))) return;
    tell.done(`Nothing goes to ${address} any more`);
    onClose();
    onDone();
  };
  return (
    <Modal opened onClose={onClose} title="Suppress an address">
      <form onSubmit={submit}>
        <Stack>
          <LeftOver errors={add.rest(['channel', 'address', 'note'])} />
          <NativeSelect
            label="Channel"
            value={channel}
            error={add.at('channel')}
            data={Object.entries(CHANNELS).map(([value, label]) => ({ value, label }))}
            onChange={(event) => setChannel(event.currentTarget.value as Channel)}
          />
          <TextInput
            label="Address"
            required
            value={address}
            error={add.at('address')}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
          <TextInput
            label="Note"
            description="Why, for your colleagues"
            value={note}
            error={add.at('note')}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={add.busy}>
              Suppress it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
