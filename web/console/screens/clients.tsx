import { Button } from '@mantine/core';
import { IconPlus, IconUpload, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';

import { type ClientRowFragment, ClientsDocument } from '../gql/graphql';
import { may } from '../may';
import { Failed } from '../parts/failed';
import { Head } from '../parts/head';
import { ACTIONS, Listing } from '../parts/listing';
import { Loading } from '../parts/loading';
import { Nothing } from '../parts/nothing';
import { Pager } from '../parts/pager';
import { useFilter } from '../parts/use-filter';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { ClientForm } from './clients/client-form';
import { ClientRow } from './clients/client-row';
import { Export } from './clients/export';
import { Filters, NAMES } from './clients/filters';
import { Import } from './clients/import';

const POLL_SECONDS = 30;

type Open = { what: 'import' } | { what: 'form'; client: ClientRowFragment | null };

export default function Clients() {
  const [open, setOpen] = useState<Open | null>(null);
  const pages = usePages();
  const filter = useFilter(NAMES);
  const lists = { operatorCodes: filter.all('operatorCode'), tags: filter.all('tag'), timeZones: filter.all('timeZone') };
  const asked = {
    phone: filter.one('phone') || null,
    ...Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.length ? list : null])),
  };
  const [{ data, error }, ask] = usePolled(ClientsDocument, { after: pages.after, filter: asked }, POLL_SECONDS);
  const manages = may('MANAGE_CLIENTS');
  return (
    <>
      <Head
        title="Clients"
        actions={
          <>
            {may('EXPORT') && <Export filter={filter} />}
            {manages && (
              <>
                <Button
                  variant="default"
                  leftSection={<IconUpload size={16} />}
                  onClick={() => setOpen({ what: 'import' })}
                >
                  Import
                </Button>
                <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen({ what: 'form', client: null })}>
                  New client
                </Button>
              </>
            )}
          </>
        }
      >
        The directory that mailings choose their recipients from.
      </Head>
      <Filters filter={filter} onChange={pages.first} />
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {data?.clients.nodes.length === 0 && (
        <Nothing icon={<IconUsers />} title={filter.any ? 'No client fits' : 'No clients yet'}>
          {filter.any
            ? 'Take a filter away: of several fields all must fit.'
            : 'Add one by hand, or import a table of them: CSV with a column “phone”, or one JSON object a line.'}
        </Nothing>
      )}
      {data && data.clients.nodes.length > 0 && (
        <>
          <Listing
            label="Clients"
            minWidth={820}
            columns={['Phone', 'Tags', 'Time zone', 'Addresses', 'Changed', ...(manages ? [ACTIONS] : [])]}
          >
            {data.clients.nodes.map((client) => (
              <ClientRow
                key={client.id}
                client={client}
                onEdit={() => setOpen({ what: 'form', client })}
                onChange={ask}
              />
            ))}
          </Listing>
          <Pager pages={pages} info={data.clients.pageInfo} total={data.clients.totalCount} />
        </>
      )}
      {open?.what === 'form' && <ClientForm client={open.client} onClose={() => setOpen(null)} onDone={ask} />}
      {open?.what === 'import' && <Import onClose={() => setOpen(null)} onDone={ask} />}
    </>
  );
}
