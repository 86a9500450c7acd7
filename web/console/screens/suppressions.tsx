import { Button, Group, NativeSelect, Table } from '@mantine/core';
import { IconBan, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { type Channel, RemoveSuppressionDocument, SuppressionsDocument } from '../gql/graphql';
import { may } from '../may';
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
import { useFilter } from '../parts/use-filter';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { CHANNELS } from '../parts/words';
import { AddSuppression } from './suppressions/add';

export default function Suppressions() {
  const filter = useFilter(['channel']);
  const pages = usePages();
  const [adding, setAdding] = useState(false);
  const manages = may('MANAGE_SUPPRESSIONS');
  const channel = (filter.one('channel') || null) as Channel | null;
  const [{ data, error }, ask] = usePolled(SuppressionsDocument, { after: pages.after, filter: { channel } }, 30);
  const remove = useChange(RemoveSuppressionDocument);
  const take = async (address: string, from: Channel) => {
    if (!(await remove.run({ input: { address, channel: from } }))) return;
    tell.done(`${address} can be reached again`);
    ask();
  };
  return (
    <>
      <Head
        title="Suppressions"
        actions={
          <Group gap="xs">
            <NativeSelect
              aria-label="Channel"
              value={channel ?? ''}
              data={[
                { value: '', label: 'Every channel' },
                ...Object.entries(CHANNELS).map(([value, label]) => ({ value, label })),
              ]}
              onChange={(event) => {
                pages.first();
                filter.set('channel', event.currentTarget.value);
              }}
            />
            {manages && (
              <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
                Suppress an address
              </Button>
            )}
          </Group>
        }
      >
        Addresses that nothing is sent to, whatever asks for it.
      </Head>
      <LeftOver errors={remove.rest([])} />
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {data?.suppressions.nodes.length === 0 && (
        <Nothing icon={<IconBan />} title="Nobody is suppressed">
          Addresses come here by themselves when mail to them bounces for good or their owner unsubscribes from
          everything; others you can add.
        </Nothing>
      )}
      {data && data.suppressions.nodes.length > 0 && (
        <>
          <Listing label="Suppressions" columns={['Address', 'Channel', 'Reason', 'Since', 'Note', ...(manages ? [ACTIONS] : [])]}>
            {data.suppressions.nodes.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>{one.address}</Table.Td>
                <Table.Td>{CHANNELS[one.channel]}</Table.Td>
                <Table.Td>{title(one.reason)}</Table.Td>
                <Table.Td>
                  <Moment at={one.at} />
                </Table.Td>
                <Table.Td className="words">{one.note || '—'}</Table.Td>
                {manages && (
                  <Table.Td>
                    <Button
                      variant="subtle"
                      size="compact-sm"
                      aria-label={`Allow again: ${one.address}`}
                      onClick={() => take(one.address, one.channel)}
                    >
                      Allow again
                    </Button>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Listing>
          <Pager pages={pages} info={data.suppressions.pageInfo} total={data.suppressions.totalCount} />
        </>
      )}
      {adding && <AddSuppression onClose={() => setAdding(false)} onDone={ask} />}
    </>
  );
}
