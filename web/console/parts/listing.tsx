import { Paper, Table, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Column {
  label: string;
  /** Read out but not shown. */
  hidden?: boolean;
  number?: boolean;
  width?: string | number;
}

interface Given {
  label: string;
  columns: (string | Column)[];
  /** Below which the table scrolls sideways. */
  minWidth?: number;
  children: ReactNode;
}

export function Listing({ label, columns, minWidth = 680, children }: Given) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={minWidth} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table highlightOnHover aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((one) => {
                const column = typeof one === 'string' ? { label: one } : one;
                return (
                  <Table.Th key={column.label} w={column.width} className={column.number ? 'number' : undefined}>
                    {column.hidden ? <VisuallyHidden>{column.label}</VisuallyHidden> : column.label}
                  </Table.Th>
                );
              })}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{children}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

export const ACTIONS: Column = { label: 'Actions', hidden: true, width: 1 };
