import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';

import type { WordingFragment } from '../../gql/graphql';
import { may } from '../../may';
import { Moment } from '../../parts/moment';

interface Given {
  versions: WordingFragment[];
  onTake: (version: WordingFragment) => void;
}

/** What it said before; one can be taken into the editor again. */
export function Versions({ versions, onTake }: Given) {
  return (
    <Paper withBorder p="md" component="section" aria-label="Versions">
      <Title order={2} size="h5" mb="sm">
        Versions
      </Title>
      <Stack gap="xs">
        {versions.map((one) => (
          <Group key={one.version} justify="space-between" wrap="nowrap" align="flex-start">
            <Text size="sm">
              {one.version}. <Moment at={one.at} />
              <Text span size="xs" c="dimmed">
                {' '}
                by {one.by}
              </Text>
            </Text>
            {may('MANAGE_TEMPLATES') && (
              <Button
                variant="subtle"
                size="compact-xs"
                flex="none"
                aria-label={`Edit as it was in version ${one.version}`}
                onClick={() => onTake(one)}
              >
                Edit as it was
              </Button>
            )}
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}
