import { Alert, List, ScrollArea, Stack, Text } from '@mantine/core';

import { count, counted } from '../../parts/format';
import type { Report } from './upload';

/** What became of the rows. */
export function ImportReport({ report }: { report: Report }) {
  const { dryRun, rows, created, updated, unchanged, refused, repeated, errors, moreErrors, repeats } = report;
  const numbers = [
    [created, 'added'],
    [updated, 'changed'],
    [unchanged, 'as they were'],
    [refused, 'refused'],
    [repeated, 'repeated in the table'],
  ] as const;
  return (
    <Alert
      color={refused ? 'yellow' : 'teal'}
      variant="outline"
      role="status"
      title={dryRun ? `Nothing is written yet: ${counted(rows, 'row')} read` : `${counted(rows, 'row')} imported`}
    >
      <Stack gap="xs">
        <Text size="sm">
          {numbers
            .filter(([number]) => number > 0)
            .map(([number, what]) => `${count(number)} ${what}`)
            .join(', ')}
        </Text>
        {errors.length + repeats.length > 0 && (
          <ScrollArea.Autosize mah={220} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Rows to mend' }}>
            <List size="sm">
              {errors.map((one) => (
                <List.Item key={`${one.line}${one.field}`}>
                  Line {one.line}
                  {one.field && `, ${one.field}`}: {one.message}
                </List.Item>
              ))}
              {repeats.map((one) => (
                <List.Item key={`repeat ${one.line}`}>
                  Line {one.line} has the phone of line {one.earlier} again, and holds: {one.phone}
                </List.Item>
              ))}
            </List>
            {moreErrors > 0 && <Text size="sm">and {count(moreErrors)} more</Text>}
          </ScrollArea.Autosize>
        )}
      </Stack>
    </Alert>
  );
}
