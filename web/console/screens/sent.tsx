import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';

import { SentDocument } from '../gql/graphql';
import { may } from '../may';
import { Bar } from '../parts/bar';
import { Failed } from '../parts/failed';
import { count } from '../parts/format';
import { Head } from '../parts/head';
import { Loading } from '../parts/loading';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Records } from '../parts/records';
import { MailingBadge } from '../parts/status';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { ended } from '../parts/words';
import { Attempts } from './mailing/attempts';
import { MESSAGE_COLUMNS, MessageRow } from './mailing/message-row';
import { toWhom } from './sends/to-whom';

/** What became of a send. */
export default function Sent({ id }: { id: string }) {
  const pages = usePages();
  const [open, setOpen] = useState<string | null>(null);
  const withMailing = may('READ_MAILINGS');
  const [{ data, error }, ask] = usePolled(SentDocument, { id, after: pages.after, withMailing }, 2);
  if (!data) return error ? <Failed error={error} onRetry={ask} /> : <Loading />;
  const { send } = data;
  if (!send) {
    return (
      <Nothing icon={<IconRocket />} title="There is no such send" to={{ href: '/sends', label: 'All sends' }}>
        The address is wrong, or it is someone else's.
      </Nothing>
    );
  }
  return (
    <Stack gap="md">
      <Head title={`To ${toWhom(send.to).replace(/^All|^Every|^Group|^Segment/, (first) => first.toLowerCase())}`}>
        <Group gap="sm">
          <MailingBadge status={send.status} />
          <span>
            {send.template ? `Template ${send.template.slug}, version ${send.template.version}` : 'Words of its own'}
          </span>
          <span>
            <Moment at={send.startAt} /> to <Moment at={send.endAt} />
          </span>
          {send.mailing && (
            <Anchor component={Link} href={`/mailings/${encodeURIComponent(send.mailing.id)}`} size="sm">
              Its mailing, to pause or cancel it
            </Anchor>
          )}
        </Group>
      </Head>
      {error && <Failed error={error} onRetry={ask} />}
      <div>
        <Bar counts={send.statistics} size="xl" />
        <Text size="sm" c="dimmed" mt={4}>
          {count(ended(send.statistics))} of {count(send.statistics.total)} done, {count(send.statistics.sent)} sent
        </Text>
      </div>
      <Records
        found={send.messages}
        error={undefined}
        onRetry={ask}
        pages={pages}
        label="Recipients"
        columns={MESSAGE_COLUMNS}
        nothing={
          <Nothing icon={<IconRocket />} title="No messages yet">
            They are made when the send starts, one for each recipient and channel.
          </Nothing>
        }
      >
        {(message) => <MessageRow key={message.id} message={message} onOpen={() => setOpen(message.id)} />}
      </Records>
      <Button component={Link} href="/sends" variant="subtle" color="gray" size="xs" w="fit-content">
        All sends
      </Button>
      {open && <Attempts id={open} onClose={() => setOpen(null)} />}
    </Stack>
  );
}
