import { Box, Button, Group, SimpleGrid, Stack, Tabs } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { Link, useLocation } from 'wouter';

import { MailingDocument } from '../gql/graphql';
import { may } from '../may';
import { Failed } from '../parts/failed';
import { Head } from '../parts/head';
import { Loading } from '../parts/loading';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { MailingBadge } from '../parts/status';
import { usePolled } from '../parts/use-polled';
import { Changes } from './mailing/changes';
import { Content } from './mailing/content';
import { LiveBar } from './mailing/live-bar';
import { Pace } from './mailing/pace';
import { Providers } from './mailing/providers';
import { Recipients } from './mailing/recipients';
import { Retry } from './mailing/retry';
import { Standing } from './mailing/standing';
import { Tail } from './mailing/tail';
import { Actions } from './mailings/actions';
import { Codes } from './overview/codes';

const POLL_SECONDS = 5;

export default function Mailing({ id }: { id: string }) {
  const [, go] = useLocation();
  const [{ data, error }, ask] = usePolled(MailingDocument, { id }, POLL_SECONDS);
  if (!data) return error ? <Failed error={error} onRetry={ask} /> : <Loading />;
  const { mailing } = data;
  if (!mailing) {
    return (
      <Nothing icon={<IconSend />} title="There is no such mailing" to={{ href: '/mailings', label: 'All mailings' }}>
        The address is wrong, or its records are kept no longer.
      </Nothing>
    );
  }
  return (
    <Stack gap="md">
      <Head
        title={mailing.name}
        actions={
          may('MANAGE_MAILINGS') && (
            <>
              <Retry mailing={mailing} onChange={ask} />
              <Actions mailing={mailing} onChange={ask} onGone={() => go('/mailings')} />
            </>
          )
        }
      >
        <Group gap="sm">
          <MailingBadge status={mailing.status} />
          <span>
            <Moment at={mailing.startAt} /> to <Moment at={mailing.endAt} />
          </span>
        </Group>
      </Head>
      {error && <Failed error={error} onRetry={ask} />}
      <LiveBar id={id} known={mailing} size="xl" onStatus={ask} />
      <Providers id={id} status={mailing.status} />
      <Tabs defaultValue="standing" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="standing">Progress</Tabs.Tab>
          <Tabs.Tab value="recipients">Recipients</Tabs.Tab>
          <Tabs.Tab value="tail">Live attempts</Tabs.Tab>
          <Tabs.Tab value="content">Content</Tabs.Tab>
          <Tabs.Tab value="changes">Changes</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="standing">
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            <Standing counts={mailing.statistics} />
            <Pace id={id} />
          </SimpleGrid>
          <Box mt="md">
            <Codes mailingId={id} />
          </Box>
        </Tabs.Panel>
        <Tabs.Panel value="recipients">
          <Recipients id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="tail">
          <Tail id={id} status={mailing.status} />
        </Tabs.Panel>
        <Tabs.Panel value="content">
          <Content mailing={mailing} />
        </Tabs.Panel>
        <Tabs.Panel value="changes">
          <Changes changes={mailing.changes} />
        </Tabs.Panel>
      </Tabs>
      <Button component={Link} href="/mailings" variant="subtle" color="gray" size="xs" w="fit-content">
        All mailings
      </Button>
    </Stack>
  );
}
