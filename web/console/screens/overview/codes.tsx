import { Paper, Text, Title } from '@mantine/core';

import { ReasonsDocument } from '../../gql/graphql';
import { Chart } from '../../parts/chart';
import { usePolled } from '../../parts/use-polled';
import { CHANNELS, STATUSES } from '../../parts/words';

const SHOWN = 12;
const POLL_SECONDS = 15;
const TITLE = 'Failures by code';

interface Given {
  /** Without one: of the last 7 days. */
  mailingId?: string;
}

/** What the providers said when they would not take messages. */
export function Codes({ mailingId }: Given) {
  const [{ data }] = usePolled(ReasonsDocument, { mailingId: mailingId ?? null }, POLL_SECONDS);
  const found = data?.failureReasons;
  const reasons = found?.reasons.slice(0, SHOWN) ?? [];
  if (!reasons.length) {
    return (
      <Paper withBorder p="md" component="section" aria-label={TITLE}>
        <Title order={2} size="h5" mb="sm">
          {TITLE}
        </Title>
        <Text size="sm" c="dimmed">
          Nothing failed. What providers answer when they will not take a message is counted here.
        </Text>
      </Paper>
    );
  }
  return (
    <Chart
      kind="bar"
      title={TITLE}
      of="Reason"
      labels={reasons.map((one) => `${one.why}, ${CHANNELS[one.channel]}`)}
      series={[
        {
          label: 'Messages',
          color: STATUSES.FAILED.color,
          colors: reasons.map((one) => STATUSES[one.status].color),
          values: reasons.map((one) => one.messages),
        },
      ]}
      aside={
        found?.partial && (
          <Text size="xs" c="dimmed">
            of 10,000 messages
          </Text>
        )
      }
    />
  );
}
