import { ActionIcon, Anchor, Badge, Button, Group, Table, Text } from '@mantine/core';
import { IconBellRinging, IconPencil, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';

import { KindsDocument, type KindsQuery } from '../gql/graphql';
import { may } from '../may';
import { Head } from '../parts/head';
import { ACTIONS } from '../parts/listing';
import { Nothing } from '../parts/nothing';
import { Records } from '../parts/records';
import { usePolled } from '../parts/use-polled';
import { KindForm } from './kinds/kind-form';
import { ways } from './kinds/ways';

export type Kind = KindsQuery['kinds'][number];

export default function Kinds() {
  const [open, setOpen] = useState<{ kind: Kind | null } | null>(null);
  const [{ data, error }, ask] = usePolled(KindsDocument, {}, 30);
  const manages = may('MANAGE_KINDS');
  return (
    <>
      <Head
        title="Kinds"
        actions={
          manages && (
            <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen({ kind: null })}>
              New kind
            </Button>
          )
        }
      >
        What your product tells its users of, and what becomes of each.
      </Head>
      <Records
        found={data && { nodes: data.kinds }}
        error={error}
        onRetry={ask}
        label="Kinds"
        columns={['Kind', 'What it does', 'Words', ...(manages ? [ACTIONS] : [])]}
        nothing={
          <Nothing icon={<IconBellRinging />} title="No kinds">
            A kind says what becomes of a notification: whether it is kept in the inbox, sent by e-mail, or both.
          </Nothing>
        }
      >
        {(kind) => (
          <Table.Tr key={kind.id}>
            <Table.Td>
              <Group gap={6}>
                <Text size="sm" fw={550}>
                  {kind.key}
                </Text>
                {kind.builtIn && <Badge variant="default" tt="none">Built in</Badge>}
                {kind.critical && <Badge variant="default" tt="none">Can't be muted</Badge>}
              </Group>
            </Table.Td>
            <Table.Td className="words">{ways(kind)}</Table.Td>
            <Table.Td className="words">
              {kind.template ? (
                <Anchor component={Link} href={`/templates/${kind.template}`} size="sm">
                  Template {kind.template}
                </Anchor>
              ) : (
                <>
                  {kind.title}
                  <Text size="xs" c="dimmed" lineClamp={2}>
                    {kind.body}
                  </Text>
                </>
              )}
            </Table.Td>
            {manages && (
              <Table.Td>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Edit ${kind.key}`}
                  onClick={() => setOpen({ kind })}
                >
                  <IconPencil size={16} />
                </ActionIcon>
              </Table.Td>
            )}
          </Table.Tr>
        )}
      </Records>
      {open && <KindForm kind={open.kind} onClose={() => setOpen(null)} onDone={ask} />}
    </>
  );
}
