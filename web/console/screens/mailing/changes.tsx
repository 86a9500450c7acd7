import { Code, Text, Timeline } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';

import type { MailingQuery } from '../../gql/graphql';
import { title } from '../../parts/format';
import { Moment } from '../../parts/moment';
import { Nothing } from '../../parts/nothing';

type Change = NonNullable<MailingQuery['mailing']>['changes'][number];
type Values = Record<string, unknown>;

const said = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Who changed what, the newest first. */
export function Changes({ changes }: { changes: Change[] }) {
  if (!changes.length) {
    return (
      <Nothing icon={<IconHistory />} title="Never changed">
        Whoever pauses, edits, retries or cancels this mailing is told here, with what it was before.
      </Nothing>
    );
  }
  return (
    <Timeline bulletSize={16} lineWidth={2} active={changes.length}>
      {changes.map((change) => (
        <Timeline.Item key={change.version} title={title(change.verb)}>
          <Text size="xs" c="dimmed">
            <Moment at={change.at} />, by {change.by}
          </Text>
          {Object.entries(change.after as Values).map(([field, after]) => (
            <Text key={field} size="sm">
              {field}: <Code>{said((change.before as Values)[field])}</Code> is now <Code>{said(after)}</Code>
            </Text>
          ))}
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
