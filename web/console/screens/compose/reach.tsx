import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from 'urql';

import { type AudienceInput, AudienceCountDocument, type Channel } from '../../gql/graphql';
import { count, counted } from '../../parts/format';
import { CHANNELS } from '../../parts/words';


const PAUSE_MS = 300;

interface Given {
  /** Null while nobody is chosen. */
  audience: AudienceInput | null;
  /** Those of interest; all without them. */
  channels?: Channel[];
}

/** How many fit, counted anew with each change. */
export function Reach({ audience, channels }: Given) {
  const [asked] = useDebouncedValue(JSON.stringify(audience), PAUSE_MS);
  const filter = JSON.parse(asked);
  const [{ data, error, fetching }] = useQuery({
    query: AudienceCountDocument,
    variables: { filter },
    pause: filter === null,
  });
  const found = filter && !error ? data?.audience : undefined;
  return (
    <Paper withBorder p="md" component="section" aria-label="Reach" aria-busy={fetching}>
      <Title order={2} size="h5" mb="xs">
        Reach
      </Title>
      <Stack gap={6} role="status">
        {!filter && (
          <Text size="sm" c="dimmed">
            Choose recipients, and they are counted here.
          </Text>
        )}
        {filter && error && (
          <Text size="sm" c="dimmed">
            {error.graphQLErrors[0]?.message ?? 'Not known just now; the API does not answer.'}
          </Text>
        )}
        {found && (
          <>
            <Text fz={28} fw={650} lh={1.2}>
              {counted(found.total, 'recipient')}
            </Text>
            {found.channels
              .filter((one) => (channels ? channels.includes(one.channel) : one.reachable > 0))
              .map((one) => (
                <Group key={one.channel} justify="space-between">
                  <Text size="sm">{CHANNELS[one.channel]}</Text>
                  <Text size="sm">{count(one.reachable)} have an address</Text>
                </Group>
              ))}
            {found.timeZones.slice(0, 5).map((one) => (
              <Group key={one.timeZone} justify="space-between">
                <Text size="sm" c="dimmed">
                  {one.timeZone}
                </Text>
                <Text size="sm" c="dimmed">
                  {count(one.clients)}
                </Text>
              </Group>
            ))}
          </>
        )}
      </Stack>
    </Paper>
  );
}
