import { ActionIcon, Group, Pill, Table, Text } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';

import { type ClientRowFragment, DeleteClientDocument } from '../../gql/graphql';
import { may } from '../../may';
import { Confirm } from '../../parts/confirm';
import { LeftOver } from '../../parts/left-over';
import { Moment } from '../../parts/moment';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';

interface Given {
  client: ClientRowFragment;
  onEdit: () => void;
  onChange: () => void;
}

export function ClientRow({ client, onEdit, onChange }: Given) {
  const [asked, ask] = useState(false);
  const remove = useChange(DeleteClientDocument);
  const addresses = [client.email, client.telegram, client.whatsapp, client.viber].filter(Boolean);
  const confirm = async () => {
    if (!(await remove.run({ input: { id: client.id } }))) return;
    tell.done(`${client.phone} is deleted`);
    ask(false);
    onChange();
  };
  return (
    <Table.Tr>
      <Table.Td>
        {client.phone}
        <Text size="xs" c="dimmed">
          operator {client.operatorCode}
        </Text>
      </Table.Td>
      <Table.Td>
        <Group gap={4}>
          {client.tags.map((tag) => (
            <Pill key={tag}>{tag}</Pill>
          ))}
        </Group>
      </Table.Td>
      <Table.Td>{client.timeZone}</Table.Td>
      <Table.Td className="words">{addresses.join(', ') || '—'}</Table.Td>
      <Table.Td>
        <Moment at={client.updatedAt} />
      </Table.Td>
      {may('MANAGE_CLIENTS') && (
        <Table.Td>
          <Group gap={4} wrap="nowrap">
            <ActionIcon variant="subtle" color="gray" aria-label={`Edit ${client.phone}`} onClick={onEdit}>
              <IconPencil size={16} />
            </ActionIcon>
            <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${client.phone}`} onClick={() => ask(true)}>
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
          {asked && (
            <Confirm
              title={`Delete ${client.phone}?`}
              verb="Delete the client"
              danger
              busy={remove.busy}
              onClose={() => ask(false)}
              onConfirm={confirm}
            >
              <LeftOver errors={remove.rest([])} />
              Its unsent messages are cancelled; what was sent stays in the history.
            </Confirm>
          )}
        </Table.Td>
      )}
    </Table.Tr>
  );
}
