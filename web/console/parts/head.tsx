import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

interface Given {
  title: string;
  /** One line under the title. */
  children?: ReactNode;
  actions?: ReactNode;
}

/** The head of a screen, which names the tab of the browser too. */
export function Head({ title, children, actions }: Given) {
  useEffect(() => {
    document.title = `${title} · Belfry`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" mb="lg">
      <Stack gap={2} flex="1 1 240px">
        <Title order={1} size="h2">
          {title}
        </Title>
        {children && (
          <Text component="div" c="dimmed" size="sm">
            {children}
          </Text>
        )}
      </Stack>
      {actions && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
