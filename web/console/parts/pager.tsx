import { Button, Group, Text } from '@mantine/core';

import { count } from './format';
import type { Pages } from './use-pages';

interface Given {
  pages: Pages;
  info: { hasNextPage: boolean; endCursor?: string | null | undefined };
  total?: number;
}

export function Pager({ pages, info, total }: Given) {
  const only = pages.number === 1 && !info.hasNextPage;
  return (
    <Group justify="space-between" mt="sm">
      <Text size="sm" c="dimmed">
        {total === undefined ? `Page ${pages.number}` : `${count(total)} in all${only ? '' : `, page ${pages.number}`}`}
      </Text>
      {!only && (
        <Group gap="xs">
          <Button variant="default" size="xs" disabled={pages.number === 1} onClick={pages.previous}>
            Previous
          </Button>
          <Button
            variant="default"
            size="xs"
            disabled={!info.hasNextPage}
            onClick={() => info.endCursor && pages.next(info.endCursor)}
          >
            Next
          </Button>
        </Group>
      )}
    </Group>
  );
}
