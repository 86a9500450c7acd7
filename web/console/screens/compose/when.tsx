import { Fieldset, Group, SegmentedControl, Stack, Switch, TextInput } from '@mantine/core';

import { ZONE } from '../../parts/format';
import type { Fields } from './fields';
import { Hours } from './hours';
import type { Times } from './times';

interface Given extends Fields<Times> {
  /** Where an end may be left to the API: how that is said, and whether one is wanted. */
  end?: { label: string; wanted: boolean; want: (wanted: boolean) => void };
}

/** From when until when, and in which hours of the recipients' days. */
export function When({ draft, change, at, end }: Given) {
  return (
    <Fieldset legend="Time">
      <Stack>
        <SegmentedControl
          w="fit-content"
          aria-label="Start"
          value={draft.now ? 'now' : 'later'}
          onChange={(chosen) => change({ now: chosen === 'now' })}
          data={[
            { value: 'now', label: 'Start at once' },
            { value: 'later', label: 'Start later' },
          ]}
        />
        {end && (
          <Switch
            label={end.label}
            checked={end.wanted}
            onChange={(event) => end.want(event.currentTarget.checked)}
          />
        )}
        {(!draft.now || end?.wanted !== false) && (
          <Group align="flex-start" grow>
            {!draft.now && (
              <TextInput
                type="datetime-local"
                label="Start"
                description={`Your time zone, ${ZONE}`}
                value={draft.start}
                error={at('startAt')}
                onChange={(event) => change({ start: event.currentTarget.value })}
              />
            )}
            {end?.wanted !== false && (
              <TextInput
                type="datetime-local"
                label="End"
                description="What has not left by then expires"
                value={draft.end}
                error={at('endAt')}
                onChange={(event) => change({ end: event.currentTarget.value })}
              />
            )}
          </Group>
        )}
        <Hours draft={draft} change={change} at={at} />
      </Stack>
    </Fieldset>
  );
}
