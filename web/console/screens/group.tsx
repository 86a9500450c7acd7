import { Button, Table } from '@mantine/core';
import { IconPencil, IconUserPlus, IconUsersGroup } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';

import { GroupMembersDocument, type MemberInput, RemoveFromGroupDocument } from '../gql/graphql';
import { may } from '../may';
import { Failed } from '../parts/failed';
import { counted } from '../parts/format';
import { Head } from '../parts/head';
import { LeftOver } from '../parts/left-over';
import { ACTIONS } from '../parts/listing';
import { Loading } from '../parts/loading';
import { Nothing } from '../parts/nothing';
import { Records } from '../parts/records';
import { tell } from '../parts/tell';
import { useChange } from '../parts/use-change';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { AddMembers } from './groups/add-members';
import { GroupForm } from './groups/group-form';

/** Who is in a group. */
export default function Group({ name }: { name: string }) {
  const pages = usePages();
  const [open, setOpen] = useState<'add' | 'edit' | null>(null);
  const [{ data, error }, ask] = usePolled(GroupMembersDocument, { name, after: pages.after }, 30);
  const remove = useChange(RemoveFromGroupDocument);
  const manages = may('MANAGE_CLIENTS');
  if (!data) return error ? <Failed error={error} onRetry={ask} /> : <Loading />;
  const { group } = data;
  if (!group) {
    return (
      <Nothing icon={<IconUsersGroup />} title="There is no such group" to={{ href: '/groups', label: 'All groups' }}>
        It was deleted, or the address is wrong.
      </Nothing>
    );
  }
  const take = async (said: string, member: MemberInput) => {
    if (!(await remove.run({ input: { group: name, members: [member] } }))) return;
    tell.done(`${said} is out of ${name}`);
    ask();
  };
  return (
    <>
      <Head
        title={group.title || group.name}
        actions={
          manages && (
            <>
              <Button variant="default" leftSection={<IconPencil size={16} />} onClick={() => setOpen('edit')}>
                Edit
              </Button>
              <Button leftSection={<IconUserPlus size={16} />} onClick={() => setOpen('add')}>
                Add members
              </Button>
            </>
          )
        }
      >
        {[`${group.name}, ${counted(group.count, 'member')}`, group.description].filter(Boolean).join('. ')}
      </Head>
      <LeftOver errors={remove.rest([])} />
      <Records
        found={group.members}
        error={error}
        onRetry={ask}
        pages={pages}
        label="Members"
        minWidth={520}
        columns={['Who', 'Reached at', ...(manages ? [ACTIONS] : [])]}
        nothing={
          <Nothing icon={<IconUserPlus />} title="Nobody is in it yet">
            Add clients by phone or e-mail address, and users by their id.
          </Nothing>
        }
      >
        {({ client, userId, email }) => {
          const said = client?.phone ?? `user ${userId}`;
          const member: MemberInput = client ? { clientId: client.id } : { userId: userId ?? '' };
          return (
            <Table.Tr key={said}>
              <Table.Td>{said}</Table.Td>
              <Table.Td className="words">{email ?? '—'}</Table.Td>
              {manages && (
                <Table.Td>
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    aria-label={`Take out ${said}`}
                    onClick={() => take(said, member)}
                  >
                    Take out
                  </Button>
                </Table.Td>
              )}
            </Table.Tr>
          );
        }}
      </Records>
      <Button component={Link} href="/groups" variant="subtle" color="gray" size="xs" mt="md">
        All groups
      </Button>
      {open === 'add' && <AddMembers group={name} onClose={() => setOpen(null)} onDone={ask} />}
      {open === 'edit' && <GroupForm group={group} onClose={() => setOpen(null)} onDone={ask} />}
    </>
  );
}
