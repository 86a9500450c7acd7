import { Box, Button, Group, Paper, ScrollArea, Skeleton, Table, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChartBar, IconTable } from '@tabler/icons-react';
import { lazy, type ReactNode, Suspense } from 'react';

import { count } from './format';

const ChartCanvas = lazy(() => import('./chart-canvas'));

export interface Series {
  label: string;
  /** Of Mantine's: `teal.7`. */
  color: string;
  values: number[];
  /** One of each value, in place of `color`. */
  colors?: string[];
}

export interface Drawn {
  kind: 'line' | 'bar';
  title: string;
  labels: string[];
  /** What the labels are. */
  of: string;
  series: Series[];
}

/** A chart, and the same as a table: pictures are not for everyone. */
export function Chart({ aside, ...drawn }: Drawn & { aside?: ReactNode }) {
  const [asTable, toggle] = useDisclosure();
  return (
    <Paper withBorder p="md" component="section" aria-label={drawn.title}>
      <Group justify="space-between" mb="sm">
        <Group gap="sm">
          <Title order={2} size="h5">
            {drawn.title}
          </Title>
          {aside}
        </Group>
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={asTable ? <IconChartBar size={14} /> : <IconTable size={14} />}
          onClick={toggle.toggle}
        >
          {asTable ? 'As a chart' : 'As a table'}
        </Button>
      </Group>
      <Box h={220}>
        {asTable ? (
          <AsTable {...drawn} />
        ) : (
          <Suspense fallback={<Skeleton h="100%" />}>
            <ChartCanvas {...drawn} />
          </Suspense>
        )}
      </Box>
    </Paper>
  );
}

function AsTable({ labels, of, series, title }: Drawn) {
  return (
    <ScrollArea h="100%" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': title }}>
      <Table stickyHeader verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{of}</Table.Th>
            {series.map((one) => (
              <Table.Th key={one.label} className="number">
                {one.label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {labels.map((label, at) => (
            <Table.Tr key={label + at}>
              <Table.Th scope="row" fw={400}>
                {label}
              </Table.Th>
              {series.map((one) => (
                <Table.Td key={one.label} className="number">
                  {count(one.values[at] ?? 0)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}
