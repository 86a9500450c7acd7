import { Anchor, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';

import type { OverviewQuery } from '../../gql/graphql';
import { may } from '../../may';
import { Moment } from '../../parts/moment';
import { MailingBadge } from '../../parts/status';
import { LiveBar } from '../mailing/live-bar';

type Mailing = OverviewQuery['mailings']['nodes'][number];

export function Underway({ mailings, total }: { mailings: Mailing[]; total: number }) {
  return (
    <Paper withBorder p="md" h="100%" component="section" aria-label="Under way">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h5">
          Under way
        </Title>
        {total > mailings.length && (
          <Anchor component={Link} href="/mailings" size="sm">
            All {total}
          </Anchor>
        )}
      </Group>
      {mailings.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing runs and nothing is planned.{' '}
          {may('MANAGE_MAILINGS') && (
            <Anchor component={Link} href="/compose" size="sm" underline="always">
              Compose a mailing
            </Anchor>
          )}
          {may('MANAGE_MAILINGS') ? ', and its progress shows here.' : 'What does shows its progress here.'}
        </Text>
      )}
      <Stack gap="sm">
        {mailings.map((mailing) => (
          <Stack key={mailing.id} gap={4}>
            <Group justify="space-between" wrap="nowrap">
              <Anchor component={Link} href={`/mailings/${encodeURIComponent(mailing.id)}`} size="sm" truncate>
                {mailing.name}
              </Anchor>
              <MailingBadge status={mailing.status} />
            </Group>
            {mailing.status === 'SCHEDULED' ? (
              <Text size="xs" c="dimmed">
                Starts <Moment at={mailing.startAt} />
              </Text>
            ) : (
              <LiveBar id={mailing.id} />
            )}
          </Stack>
        ))}
      </Stack>
    </Paper>
  );
}
