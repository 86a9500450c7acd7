import { Badge } from '@mantine/core';

import type { MailingStatus, MessageStatus } from '../gql/graphql';
import { title } from './format';
import { MAILING_COLORS, STATUSES } from './words';

export function MailingBadge({ status }: { status: MailingStatus }) {
  return (
    <Badge variant="dot" color={MAILING_COLORS[status]} tt="none">
      {title(status)}
    </Badge>
  );
}

export function MessageBadge({ status }: { status: MessageStatus }) {
  const { label, color, means } = STATUSES[status];
  return (
    <Badge variant="dot" color={color} tt="none" title={means}>
      {label}
    </Badge>
  );
}
