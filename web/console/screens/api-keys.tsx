import { Badge, Button, Table } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { type ApiKeysQuery, ApiKeysDocument, RevokeApiKeyDocument } from '../gql/graphql';
import { Confirm } from '../parts/confirm';
import { Failed } from '../parts/failed';
import { title } from '../parts/format';
import { Head } from '../parts/head';
import { LeftOver } from '../parts/left-over';
import { ACTIONS, Listing } from '../parts/listing';
import { Loading } from '../parts/loading';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Pager } from '../parts/pager';
import { tell } from '../parts/tell';
import { useChange } from '../parts/use-change';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { CreateKey } from './api-keys/create-key';

type Key = ApiKeysQuery['apiKeys']['nodes'][number];

function state({ revokedAt, expiresAt }: Key): { label: string; color: string } {
  if (revokedAt) return { label: 'Revoked', color: 'red.7' };
  if (expiresAt && new Date(expiresAt) < new Date()) return { label: 'Expired', color: 'gray.6' };
  return { label: 'Valid', color: 'teal.7' };
}

export default function ApiKeys() {
  const pages = usePages();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const [{ data, error }, ask] = usePolled(ApiKeysDocument, { after: pages.after }, 30);
  const revoke = useChange(RevokeApiKeyDocument);
  const confirm = async () => {
    if (!revoking || !(await revoke.run({ input: { id: revoking.id } }))) return;
    tell.done(`“${revoking.name}” opens nothing any more`);
    setRevoking(null);
    ask();
  };
  return (
    <>
      <Head
        title="API keys"
        actions={
          <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
            New key
          </Button>
        }
      >
        How your services sign in.
      </Head>
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {data?.apiKeys.nodes.length === 0 && (
        <Nothing icon={<IconKey />} title="No keys yet">
          A service shows a key in place of a person's token. Make one for each service, so that you can end it alone.
        </Nothing>
      )}
      {data && data.apiKeys.nodes.length > 0 && (
        <>
          <Listing label="API keys" columns={['Name', 'Role', 'State', 'Created', 'Last used', 'Ends', ACTIONS]}>
            {data.apiKeys.nodes.map((key) => (
              <Table.Tr key={key.id}>
                <Table.Td className="words">{key.name}</Table.Td>
                <Table.Td>{title(key.role)}</Table.Td>
                <Table.Td>
                  <Badge variant="dot" tt="none" color={state(key).color}>
                    {state(key).label}
                  </Badge>
                </Table.Td>
                <Table.Td>
                  <Moment at={key.createdAt} />
                </Table.Td>
                <Table.Td>
                  <Moment at={key.lastUsedAt} />
                </Table.Td>
                <Table.Td>
                  <Moment at={key.expiresAt} />
                </Table.Td>
                <Table.Td>
                  {!key.revokedAt && (
                    <Button
                      variant="subtle"
                      color="red.8"
                      c="var(--mantine-color-error)"
                      size="compact-sm"
                      aria-label={`Revoke ${key.name}`}
                      onClick={() => setRevoking(key)}
                    >
                      Revoke
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
          <Pager pages={pages} info={data.apiKeys.pageInfo} total={data.apiKeys.totalCount} />
        </>
      )}
      {creating && <CreateKey onClose={() => setCreating(false)} onDone={ask} />}
      {revoking && (
        <Confirm
          title={`Revoke “${revoking.name}”?`}
          verb="Revoke the key"
          danger
          busy={revoke.busy}
          onClose={() => setRevoking(null)}
          onConfirm={confirm}
        >
          <LeftOver errors={revoke.rest([])} />
          Within about a second it opens nothing, and its connections close. It can't be taken back.
        </Confirm>
      )}
    </>
  );
}
