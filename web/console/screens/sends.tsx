import { Anchor, Button, Table, Text } from '@mantine/core';
import { IconPlus, IconRocket } from '@tabler/icons-react';
import { Link } from 'wouter';

import { SendsDocument } from '../gql/graphql';
import { may } from '../may';
import { Bar } from '../parts/bar';
import { count } from '../parts/format';
import { Head } from '../parts/head';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Records } from '../parts/records';
import { MailingBadge } from '../parts/status';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { ended } from '../parts/words';
import { toWhom } from './sends/to-whom';

const NEW = { href: '/sends/new', label: 'Send the first one' };

export default function Sends() {
  const pages = usePages();
  const [{ data, error }, ask] = usePolled(SendsDocument, { after: pages.after }, 5);
  const sends = may('SEND');
  return (
    <>
      <Head
        title="Sends"
        actions={
          sends && (
            <Button component={Link} href="/sends/new" leftSection={<IconPlus size={16} />}>
              New send
            </Button>
          )
        }
      >
        {may('READ_MAILINGS') ? 'What was asked to leave at once, here and by the API.' : 'What you asked to leave.'}
      </Head>
      <Records
        found={data?.sends}
        error={error}
        onRetry={ask}
        pages={pages}
        label="Sends"
        minWidth={760}
        columns={['To', 'Words', 'Status', { label: 'Progress', width: '26%' }, 'When']}
        nothing={
          <Nothing icon={<IconRocket />} title="Nothing was sent yet" to={sends ? NEW : undefined}>
            A send goes to people whom you name, to a group, a segment or all, with a template or words of your own, and
            leaves at once or at a time that you say.
          </Nothing>
        }
      >
        {(send) => (
          <Table.Tr key={send.id}>
            <Table.Td className="words">
              <Anchor component={Link} href={`/sends/${encodeURIComponent(send.id)}`} fw={550}>
                {toWhom(send.to)}
              </Anchor>
              <Text size="xs" c="dimmed">
                by {send.by}
              </Text>
            </Table.Td>
            <Table.Td className="words">{send.template?.slug ?? 'Words of its own'}</Table.Td>
            <Table.Td>
              <MailingBadge status={send.status} />
            </Table.Td>
            <Table.Td>
              <Bar counts={send.statistics} />
              <Text size="xs" c="dimmed">
                {count(ended(send.statistics))} of {count(send.statistics.total)}
              </Text>
            </Table.Td>
            <Table.Td>
              <Moment at={send.startAt} />
            </Table.Td>
          </Table.Tr>
        )}
      </Records>
    </>
  );
}
