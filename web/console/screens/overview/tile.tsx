import { Paper, Text } from '@mantine/core';

interface Given {
  label: string;
  value: string;
  note: string;
  color?: string;
}

export function Tile({ label, value, note, color = 'gray' }: Given) {
  return (
    <Paper withBorder p="md" style={{ borderTop: `3px solid var(--mantine-color-${color}-6)` }}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={28} fw={650} lh={1.3}>
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {note}
      </Text>
    </Paper>
  );
}
