import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import type { MailingRowFragment } from '../../gql/graphql';
import { may } from '../../may';
import { Moment } from '../../parts/moment';
import { MailingBadge } from '../../parts/status';
import { CHANNELS } from '../../parts/words';
import { LiveBar } from '../mailing/live-bar';
import { Actions } from './actions';

interface Given {
  mailing: MailingRowFragment;
  onChange: () => void;
}

export function MailingRow({ mailing, onChange }: Given) {
  return (
    <Table.Tr>
      <Table.Td className="words">
        <Anchor component={Link} href={`/mailings/${encodeURIComponent(mailing.id)}`} fw={550}>
          {mailing.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {mailing.channels.map((one) => CHANNELS[one]).join(', ')}
        </Text>
      </Table.Td>
      <Table.Td>
        <MailingBadge status={mailing.status} />
      </Table.Td>
      <Table.Td>
        <LiveBar id={mailing.id} known={mailing} onStatus={onChange} />
      </Table.Td>
      <Table.Td>
        <Text size="sm">
          <Moment at={mailing.startAt} />
        </Text>
        <Text size="xs" c="dimmed">
          to <Moment at={mailing.endAt} />
        </Text>
      </Table.Td>
      {may('MANAGE_MAILINGS') && (
        <Table.Td>
          <Actions mailing={mailing} onChange={onChange} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}
