import { Badge, Button, Code, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconListSearch } from '@tabler/icons-react';
import { useState } from 'react';

import { AuditDocument, type AuditOutcome, type AuditQuery } from '../gql/graphql';
import { Failed } from '../parts/failed';
import { title } from '../parts/format';
import { Head } from '../parts/head';
import { ACTIONS, Listing } from '../parts/listing';
import { Loading } from '../parts/loading';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Pager } from '../parts/pager';
import { useFilter } from '../parts/use-filter';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';

type Entry = AuditQuery['auditLog']['nodes'][number];

const NAMES: ('by' | 'action')[] = ['by', 'action'];
const COLORS: Record<AuditOutcome, string> = { DONE: 'teal.7', REFUSED: 'orange.8', FAILED: 'red.7', UNFINISHED: 'gray.6' };

/** JSON, laid out if it is whole. */
function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export default function Audit() {
  const filter = useFilter(NAMES);
  const pages = usePages();
  const [open, setOpen] = useState<Entry | null>(null);
  const asked = { by: filter.one('by') || null, action: filter.one('action') || null };
  const [{ data, error }, ask] = usePolled(AuditDocument, { after: pages.after, filter: asked }, 15);
  return (
    <>
      <Head
        title="Audit log"
        actions={NAMES.map((name) => (
          <TextInput
            key={name}
            aria-label={name === 'by' ? 'By whom' : 'Action'}
            placeholder={name === 'by' ? 'Subject' : 'createMailing'}
            value={filter.one(name)}
            onChange={(event) => {
              pages.first();
              filter.set(name, event.currentTarget.value);
            }}
          />
        ))}
      >
        What operators and admins did, and what they were refused.
      </Head>
      {error && <Failed error={error} onRetry={ask} />}
      {!data && !error && <Loading />}
      {data?.auditLog.nodes.length === 0 && (
        <Nothing icon={<IconListSearch />} title={filter.any ? 'Nothing fits' : 'Nothing was done yet'}>
          Each change by an operator, an admin or one of their keys stands here, with who asked for it and what it said.
          Filters take whole names.
        </Nothing>
      )}
      {data && data.auditLog.nodes.length > 0 && (
        <>
          <Listing label="Audit log" columns={['When', 'Action', 'Outcome', 'By', ACTIONS]}>
            {data.auditLog.nodes.map((entry) => (
              <Table.Tr key={entry.id}>
                <Table.Td>
                  <Moment at={entry.at} />
                </Table.Td>
                <Table.Td>{entry.action}</Table.Td>
                <Table.Td>
                  <Badge variant="dot" tt="none" color={COLORS[entry.outcome]}>
                    {title(entry.outcome)}
                    {entry.times > 1 && ` ${entry.times} times`}
                  </Badge>
                  {entry.codes.length > 0 && (
                    <Text size="xs" c="dimmed">
                      {entry.codes.join(', ')}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td className="words">
                  {entry.by}
                  <Text size="xs" c="dimmed">
                    {entry.role && title(entry.role)}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    aria-label={`Details of ${entry.action}`}
                    onClick={() => setOpen(entry)}
                  >
                    Details
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
          <Pager pages={pages} info={data.auditLog.pageInfo} total={data.auditLog.totalCount} />
        </>
      )}
      {open && (
        <Modal opened onClose={() => setOpen(null)} title={open.action} size="lg">
          <Stack>
            <Group>
              <Moment at={open.at} /> by {open.by}
            </Group>
            <Code block>{laidOut(open.input)}</Code>
            {open.result && <Code block>{laidOut(open.result)}</Code>}
          </Stack>
        </Modal>
      )}
    </>
  );
}
