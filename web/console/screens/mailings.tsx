import { Button, NativeSelect } from '@mantine/core';
import { IconPencil, IconSend } from '@tabler/icons-react';
import { Link, useSearchParams } from 'wouter';

import { type MailingStatus, MailingsDocument } from '../gql/graphql';
import { may } from '../may';
import { Failed } from '../parts/failed';
import { title } from '../parts/format';
import { Head } from '../parts/head';
import { ACTIONS, Listing } from '../parts/listing';
import { Loading } from '../parts/loading';
import { Nothing } from '../parts/nothing';
import { Pager } from '../parts/pager';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { MAILING_COLORS } from '../parts/words';
import { MailingRow } from './mailings/row';

const POLL_SECONDS = 5;
const COMPOSE = { href: '/compose', label: 'Compose a mailing' };

export default function Mailings() {
  const [search, setSearch] = useSearchParams();
  const pages = usePages();
  const status = search.get('status') as MailingStatus | null;
  const variables = { after: pages.after, statuses: status ? [status] : null };
  const [{ data, error }, ask] = usePolled(MailingsDocument, variables, POLL_SECONDS);
  const choose = (chosen: string) => {
    pages.first();
    setSearch(chosen ? { status: chosen } : {});
  };
  return (
    <>
      <Head
        title="Mailings"
        actions={
          <>
            <NativeSelect
              aria-label="Status"
              value={status ?? ''}
              onChange={(event) => choose(event.currentTarget.value)}
              data={[
                { value: '', label: 'Every status' },
                ...Object.keys(MAILING_COLORS).map((one) => ({ value: one, label: title(one) })),
              ]}
            />
            {may('MANAGE_MAILINGS') && (
              <Button component={Link} href="/compose" leftSection={<IconPencil size={16} />}>
                Compose
              </Button>
            )}
          </>
        }
      >
        What goes to many at once, newest first.
      </Head>
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {data?.mailings.nodes.length === 0 && (
        <Nothing
          icon={<IconSend />}
          title={status ? `No mailing is ${title(status).toLowerCase()}` : 'No mailings yet'}
          to={may('MANAGE_MAILINGS') ? COMPOSE : undefined}
        >
          A mailing says the same to all clients that fit, between two times. Its progress shows here while it runs.
        </Nothing>
      )}
      {data && data.mailings.nodes.length > 0 && (
        <>
          <Listing
            label="Mailings"
            minWidth={760}
            columns={['Name', 'Status', { label: 'Progress', width: '34%' }, 'When', ...(may('MANAGE_MAILINGS') ? [ACTIONS] : [])]}
          >
            {data.mailings.nodes.map((mailing) => (
              <MailingRow key={mailing.id} mailing={mailing} onChange={ask} />
            ))}
          </Listing>
          <Pager pages={pages} info={data.mailings.pageInfo} total={data.mailings.totalCount} />
        </>
      )}
    </>
  );
}
