import { Button, Table, Text } from '@mantine/core';
import { IconFilterPlus, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { DeleteSegmentDocument, type SegmentRowFragment, SegmentsDocument } from '../gql/graphql';
import { may } from '../may';
import { Head } from '../parts/head';
import { ACTIONS } from '../parts/listing';
import { Moment } from '../parts/moment';
import { Nothing } from '../parts/nothing';
import { Records } from '../parts/records';
import { RowActions } from '../parts/row-actions';
import { useChange } from '../parts/use-change';
import { usePages } from '../parts/use-pages';
import { usePolled } from '../parts/use-polled';
import { CHANNELS } from '../parts/words';
import { whom } from './compose/chosen';
import { SegmentCount } from './segments/segment-count';
import { SegmentForm } from './segments/segment-form';

type Filter = SegmentRowFragment['filter'];

function meant(filter: Filter): string {
  const { accepts } = filter;
  const heard = accepts && `has not muted ${accepts.topic} by ${CHANNELS[accepts.channel]}`;
  return [whom(filter), heard].filter(Boolean).join('; ');
}

export default function Segments() {
  const pages = usePages();
  const [open, setOpen] = useState<{ segment: SegmentRowFragment | null } | null>(null);
  const [{ data, error }, ask] = usePolled(SegmentsDocument, { after: pages.after }, 30);
  const remove = useChange(DeleteSegmentDocument);
  const manages = may('MANAGE_CLIENTS');
  return (
    <>
      <Head
        title="Segments"
        actions={
          manages && (
            <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen({ segment: null })}>
              New segment
            </Button>
          )
        }
      >
        Filters under a name: whoever fits when a mailing starts is meant.
      </Head>
      <Records
        found={data?.segments}
        error={error}
        onRetry={ask}
        pages={pages}
        label="Segments"
        columns={['Segment', 'Who', 'Now', 'Changed', ...(manages ? [ACTIONS] : [])]}
        nothing={
          <Nothing icon={<IconFilterPlus />} title="No segments yet">
            A segment is a filter that you need again and again, as “regulars in Riga”. It is counted anew each time, so
            that it never goes out of date as a list would.
          </Nothing>
        }
      >
        {(segment) => (
          <Table.Tr key={segment.id}>
            <Table.Td className="words">
              <Text size="sm" fw={550}>
                {segment.title || segment.name}
              </Text>
              <Text size="xs" c="dimmed">
                {[segment.name, segment.description].filter(Boolean).join(': ')}
              </Text>
            </Table.Td>
            <Table.Td className="words">{meant(segment.filter)}</Table.Td>
            <Table.Td>
              <SegmentCount segment={segment.name} />
            </Table.Td>
            <Table.Td>
              <Moment at={segment.updatedAt} />
            </Table.Td>
            {manages && (
              <Table.Td>
                <RowActions
                  name={segment.name}
                  what="the segment"
                  onEdit={() => setOpen({ segment })}
                  remove={{
                    change: remove,
                    variables: { input: { name: segment.name } },
                    after: 'Whoever fits it stays; only the filter goes.',
                  }}
                  onDone={ask}
                />
              </Table.Td>
            )}
          </Table.Tr>
        )}
      </Records>
      {open && <SegmentForm segment={open.segment} onClose={() => setOpen(null)} onDone={ask} />}
    </>
  );
}
