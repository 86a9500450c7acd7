import { Alert, Button, Group, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import type { CombinedError } from 'urql';

import { explain } from './explain';

/** What went wrong with a query, and a way to ask again. */
export function Failed({ error, onRetry }: { error: CombinedError; onRetry?: () => void }) {
  const { title, advice } = explain(error);
  return (
    <Alert color="red" variant="outline" icon={<IconPlugConnectedX />} title={title} role="alert">
      <Group justify="space-between">
        <Text size="sm">{advice}</Text>
        {onRetry && (
          <Button variant="default" size="xs" onClick={onRetry}>
            Ask again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
