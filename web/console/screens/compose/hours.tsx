import { Group, Switch, TextInput } from '@mantine/core';

import type { Fields } from './fields';
import type { Times } from './times';

/** The hours of each recipient's own day. */
export function Hours({ draft, change, at }: Fields<Pick<Times, 'windowed' | 'opens' | 'closes'>>) {
  return (
    <>
      <Switch
        label="Only in certain hours of each recipient's day"
        checked={draft.windowed}
        onChange={(event) => change({ windowed: event.currentTarget.checked })}
      />
      {draft.windowed && (
        <Group align="flex-start">
          <TextInput
            type="time"
            label="From"
            value={draft.opens}
            error={at('window')}
            onChange={(event) => change({ opens: event.currentTarget.value })}
          />
          <TextInput
            type="time"
            label="To"
            value={draft.closes}
            onChange={(event) => change({ closes: event.currentTarget.value })}
          />
        </Group>
      )}
    </>
  );
}
