import { Anchor, Button, Table, Text, TextInput } from '@mantine/core';
import { IconPlus, IconSearch, IconTemplate } from '@tabler/icons-react';
import { Link } from 'wouter';

import { TemplatesDocument } from '../gql/graphql';
import { may } from '../may';
import { Failed } from '../parts/failed';
import { Head } from '../parts/head';
import { Listing } from '../parts/listing';
import { Loading } from '../parts/loading';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Pager } from '../parts/pager';
import { useFilter } from '../parts/use-filter';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';

const POLL_SECONDS = 30;
const NEW = { href: '/templates/new', label: 'Write the first one' };

export default function Templates() {
  const filter = useFilter(['search']);
  const pages = usePages();
  const search = filter.one('search');
  const [{ data, error }, ask] = usePolled(TemplatesDocument, { after: pages.after, search: search || null }, POLL_SECONDS);
  const manages = may('MANAGE_TEMPLATES');
  return (
    <>
      <Head
        title="Templates"
        actions={
          <>
            <TextInput
              aria-label="Search"
              placeholder="Name or title"
              leftSection={<IconSearch size={16} />}
              value={search}
              onChange={(event) => {
                pages.first();
                filter.set('search', event.currentTarget.value);
              }}
            />
            {manages && (
              <Button component={Link} href="/templates/new" leftSection={<IconPlus size={16} />}>
                New template
              </Button>
            )}
          </>
        }
      >
        Words with gaps, in as many languages as you like.
      </Head>
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {data?.templates.nodes.length === 0 && (
        <Nothing
          icon={<IconTemplate />}
          title={search ? 'No template is called so' : 'No templates yet'}
          to={manages && !search ? NEW : undefined}
        >
          A template is written once and filled for each recipient, in their language. Mailings and sends choose one by
          its name.
        </Nothing>
      )}
      {data && data.templates.nodes.length > 0 && (
        <>
          <Listing label="Templates" columns={['Title', 'Name', 'Languages', 'Version', 'Changed']}>
            {data.templates.nodes.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td className="words">
                  <Anchor component={Link} href={`/templates/${one.slug}`} fw={550}>
                    {one.title}
                  </Anchor>
                  <Text size="xs" c="dimmed">
                    {one.description}
                  </Text>
                </Table.Td>
                <Table.Td>{one.slug}</Table.Td>
                <Table.Td>{one.variants.map((variant) => variant.locale).join(', ')}</Table.Td>
                <Table.Td>{one.version}</Table.Td>
                <Table.Td>
                  <Moment at={one.updatedAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
          <Pager pages={pages} info={data.templates.pageInfo} total={data.templates.totalCount} />
        </>
      )}
    </>
  );
}
