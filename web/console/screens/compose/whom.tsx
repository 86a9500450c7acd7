import { Fieldset, SimpleGrid, Stack, Switch, TagsInput, Text } from '@mantine/core';
import { useQuery } from 'urql';

import { AudienceNamesDocument } from '../../gql/graphql';
import type { Draft } from './draft';
import type { Fields } from './fields';

const ZONES = Intl.supportedValuesOf('timeZone');

type List = 'tags' | 'operatorCodes' | 'timeZones' | 'groups' | 'segments';

/** The recipients: all, or those who fit. */
export function Whom({ draft, change, at }: Fields) {
  const [{ data }] = useQuery({ query: AudienceNamesDocument, variables: {} });
  const lists: { key: List; label: string; data: string[] }[] = [
    { key: 'tags', label: 'Tags', data: [] },
    { key: 'groups', label: 'Groups', data: data?.groups.nodes.map((one) => one.name) ?? [] },
    { key: 'segments', label: 'Segments', data: data?.segments.nodes.map((one) => one.name) ?? [] },
    { key: 'timeZones', label: 'Time zones', data: ZONES },
    { key: 'operatorCodes', label: 'Operator codes', data: [] },
  ];
  return (
    <Fieldset legend="Recipients">
      <Stack>
        <Switch
          label="All clients"
          checked={draft.everyone}
          onChange={(event) => change({ everyone: event.currentTarget.checked })}
        />
        {!draft.everyone && (
          <>
            <Text size="sm" c="dimmed">
              Of several values in one field any fits; of several fields all must. Enter after each value.
            </Text>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              {lists.map((list) => (
                <TagsInput
                  key={list.key}
                  label={list.label}
                  data={list.data}
                  limit={20}
                  acceptValueOnBlur
                  value={draft[list.key]}
                  onChange={(value) => change({ [list.key]: value } as Partial<Draft>)}
                  error={at(`audience.${list.key}`)}
                />
              ))}
            </SimpleGrid>
          </>
        )}
        {at('audience') && (
          <Text size="sm" c="red" role="alert">
            {at('audience')}
          </Text>
        )}
      </Stack>
    </Fieldset>
  );
}
