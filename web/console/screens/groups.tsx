import { Anchor, Button, Table, Text } from '@mantine/core';
import { IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';

import { DeleteGroupDocument, type GroupRowFragment, GroupsDocument } from '../gql/graphql';
import { may } from '../may';
import { count } from '../parts/format';
import { Head } from '../parts/head';
import { ACTIONS } from '../parts/listing';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Records } from '../parts/records';
import { RowActions } from '../parts/row-actions';
import { useChange } from '../parts/use-change';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { GroupForm } from './groups/group-form';

export default function Groups() {
  const pages = usePages();
  const [open, setOpen] = useState<{ group: GroupRowFragment | null } | null>(null);
  const [{ data, error }, ask] = usePolled(GroupsDocument, { after: pages.after }, 30);
  const remove = useChange(DeleteGroupDocument);
  const manages = may('MANAGE_CLIENTS');
  return (
    <>
      <Head
        title="Groups"
        actions={
          manages && (
            <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen({ group: null })}>
              New group
            </Button>
          )
        }
      >
        Clients and users that you put together by hand.
      </Head>
      <Records
        found={data?.groups}
        error={error}
        onRetry={ask}
        pages={pages}
        label="Groups"
        columns={['Group', { label: 'Members', number: true }, 'Changed', ...(manages ? [ACTIONS] : [])]}
        nothing={
          <Nothing icon={<IconUsersGroup />} title="No groups yet">
            A group is a list of clients and users under a name. Mailings, sends and segments choose it by that name;
            whom you add or take out counts from the next start.
          </Nothing>
        }
      >
        {(group) => (
          <Table.Tr key={group.id}>
            <Table.Td className="words">
              <Anchor component={Link} href={`/groups/${encodeURIComponent(group.name)}`} fw={550}>
                {group.title || group.name}
              </Anchor>
              <Text size="xs" c="dimmed">
                {[group.name, group.description].filter(Boolean).join(': ')}
              </Text>
            </Table.Td>
            <Table.Td className="number">{count(group.count)}</Table.Td>
            <Table.Td>
              <Moment at={group.updatedAt} />
            </Table.Td>
            {manages && (
              <Table.Td>
                <RowActions
                  name={group.name}
                  what="the group"
                  onEdit={() => setOpen({ group })}
                  remove={{
                    change: remove,
                    variables: { input: { name: group.name } },
                    after: 'Its members stay, and only leave it.',
                  }}
                  onDone={ask}
                />
              </Table.Td>
            )}
          </Table.Tr>
        )}
      </Records>
      {open && <GroupForm group={open.group} onClose={() => setOpen(null)} onDone={ask} />}
    </>
  );
}
