import { Button, Table, Text } from '@mantine/core';
import { IconMoodCheck, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';

import { FailedMessagesDocument, RetryFailedDocument } from '../gql/graphql';
import { Failed } from '../parts/failed';
import { counted } from '../parts/format';
import { Head } from '../parts/head';
import { LeftOver } from '../parts/left-over';
import { ACTIONS, Listing } from '../parts/listing';
import { Loading } from '../parts/loading';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Pager } from '../parts/pager';
import { MessageBadge } from '../parts/status';
import { tell } from '../parts/tell';
import { useChange } from '../parts/use-change';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { CHANNELS } from '../parts/words';
import { Attempts } from './mailing/attempts';

const POLL_SECONDS = 15;

/** The caller's own messages, to contacts or by notifications, that did not arrive. */
export default function FailedMessages() {
  const pages = usePages();
  const [open, setOpen] = useState<string | null>(null);
  const [{ data, error }, ask] = usePolled(FailedMessagesDocument, { after: pages.after }, POLL_SECONDS);
  const retry = useChange(RetryFailedDocument);
  const rows = data?.failedMessages.nodes ?? [];
  const run = async (messageIds: string[]) => {
    const done = await retry.run({ input: { messageIds } });
    if (!done) return;
    tell.done(`${counted(done.count, 'message')} will be tried again`);
    ask();
  };
  return (
    <>
      <Head
        title="Failed messages"
        actions={
          rows.length > 0 && (
            <Button
              variant="default"
              leftSection={<IconRefresh size={16} />}
              loading={retry.busy}
              onClick={() => run(rows.map((one) => one.id))}
            >
              Retry all shown
            </Button>
          )
        }
      >
        What you sent to contacts and by notifications, and what did not arrive.
      </Head>
      <LeftOver errors={retry.rest([])} />
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {data && rows.length === 0 && (
        <Nothing icon={<IconMoodCheck />} title="All that you sent has arrived">
          What a provider refuses, or what was not sent before its end, stands here and can be tried again.
        </Nothing>
      )}
      {data && rows.length > 0 && (
        <>
          <Listing label="Failed messages" columns={['To', 'Status', 'Why', 'Said', 'When', ACTIONS]}>
            {rows.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td className="words">
                  {one.contact ?? one.address}
                  <Text size="xs" c="dimmed">
                    {CHANNELS[one.channel]}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <MessageBadge status={one.status} />
                </Table.Td>
                <Table.Td className="words">
                  {one.why}
                  <br />
                  <Button variant="subtle" size="compact-xs" px={0} onClick={() => setOpen(one.id)}>
                    {counted(one.attemptCount, 'attempt')}
                  </Button>
                </Table.Td>
                <Table.Td className="words">
                  <Text size="sm" lineClamp={2}>
                    {one.text}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Moment at={one.failedAt} />
                </Table.Td>
                <Table.Td>
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    aria-label={`Retry ${one.contact ?? one.address}`}
                    onClick={() => run([one.id])}
                  >
                    Retry
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
          <Pager pages={pages} info={data.failedMessages.pageInfo} />
        </>
      )}
      {open && <Attempts id={open} onClose={() => setOpen(null)} />}
    </>
  );
}
