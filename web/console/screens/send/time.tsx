import { Fieldset, SegmentedControl, Stack, Switch, TextInput } from '@mantine/core';

import { ZONE } from '../../parts/format';
import type { Fields } from '../compose/fields';
import { Hours } from '../compose/hours';
import type { Draft } from './draft';

/** When it leaves, and until when it is tried. */
export function Time({ draft, change, at }: Fields<Draft>) {
  return (
    <Fieldset legend="Time">
      <Stack>
        <SegmentedControl
          w="fit-content"
          aria-label="Start"
          value={draft.now ? 'now' : 'later'}
          onChange={(chosen) => change({ now: chosen === 'now' })}
          data={[
            { value: 'now', label: 'At once' },
            { value: 'later', label: 'Later' },
          ]}
        />
        {!draft.now && (
          <TextInput
            type="datetime-local"
            label="Start"
            description={`Your time zone, ${ZONE}`}
            w={240}
            value={draft.start}
            error={at('startAt')}
            onChange={(event) => change({ start: event.currentTarget.value })}
          />
        )}
        <Switch
          label="An end other than after 3 days"
          checked={draft.ends}
          onChange={(event) => change({ ends: event.currentTarget.checked })}
        />
        {draft.ends && (
          <TextInput
            type="datetime-local"
            label="End"
            w={240}
            value={draft.end}
            error={at('endAt')}
            onChange={(event) => change({ end: event.currentTarget.value })}
          />
        )}
        <Hours draft={draft} change={change} at={at} />
      </Stack>
    </Fieldset>
  );
}
