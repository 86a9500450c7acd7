import { Fieldset, NativeSelect, SimpleGrid, TextInput } from '@mantine/core';

import type { AcceptsInput, Channel } from '../../gql/graphql';
import { CHANNELS } from '../../parts/words';
import type { Fields } from '../compose/fields';

/** What nobody who fits has muted; no topic means that it plays no part. */
export interface Heard {
  topic: string;
  channel: Channel;
}

export const heardIn = (said: Heard | null | undefined): Heard => ({
  topic: said?.topic ?? '',
  channel: said?.channel ?? 'EMAIL',
});

/** The same for the API. */
export const accepts = ({ topic, channel }: Heard): AcceptsInput | null =>
  topic.trim() ? { topic: topic.trim(), channel } : null;

/** Narrows a filter to those who still hear of something. */
export function Accepting({ draft, change, at }: Fields<Heard>) {
  return (
    <Fieldset legend="And has not muted">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label="Topic"
          description="As “offers”; empty, and what people muted plays no part"
          value={draft.topic}
          error={at('filter.accepts.topic') ?? at('filter.accepts')}
          onChange={(event) => change({ topic: event.currentTarget.value })}
        />
        <NativeSelect
          label="By"
          description="The channel that it comes by"
          value={draft.channel}
          disabled={!draft.topic.trim()}
          error={at('filter.accepts.channel')}
          data={Object.entries(CHANNELS).map(([value, label]) => ({ value, label }))}
          onChange={(event) => change({ channel: event.currentTarget.value as Channel })}
        />
      </SimpleGrid>
    </Fieldset>
  );
}
