import { Fieldset, Group, SimpleGrid, Stack, Switch, TagsInput, Text } from '@mantine/core';
import { useQuery } from 'urql';

import { AudienceNamesDocument } from '../../gql/graphql';
import { type Chosen, type List, LISTS } from './chosen';
import type { Fields } from './fields';

const ZONES = Intl.supportedValuesOf('timeZone');

const LABELS: Record<List, string> = {
  tags: 'Tags',
  groups: 'Groups',
  segments: 'Segments',
  locales: 'Languages',
  timeZones: 'Time zones',
  operatorCodes: 'Operator codes',
};

interface Given extends Fields<Chosen> {
  legend?: string;
  /** How the API's errors call it. */
  field?: string;
  /** What can be chosen by; a segment can't name segments. */
  lists?: readonly List[];
}

/** The recipients: all, or those who fit. */
export function Whom({ draft, change, at, legend = 'Recipients', field = 'audience', lists = LISTS }: Given) {
  const [{ data }] = useQuery({ query: AudienceNamesDocument, variables: {} });
  const known: Partial<Record<List, string[]>> = {
    groups: data?.groups.nodes.map((one) => one.name) ?? [],
    segments: data?.segments.nodes.map((one) => one.name) ?? [],
    timeZones: ZONES,
  };
  return (
    <Fieldset legend={legend}>
      <Stack>
        <Group>
          <Switch
            label="All clients"
            checked={draft.everyone}
            onChange={(event) => change({ everyone: event.currentTarget.checked })}
          />
          <Switch
            label="Users too, by e-mail"
            checked={draft.users}
            onChange={(event) => change({ users: event.currentTarget.checked })}
          />
        </Group>
        {!draft.everyone && (
          <>
            <Text size="sm" c="dimmed">
              Of several values in one field any fits; of several fields all must. Enter after each value.
            </Text>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              {lists.map((name) => (
                <TagsInput
                  key={name}
                  label={LABELS[name]}
                  data={known[name] ?? []}
                  limit={20}
                  acceptValueOnBlur
                  value={draft[name]}
                  onChange={(value) => change({ [name]: value })}
                  error={at(`${field}.${name}`)}
                />
              ))}
            </SimpleGrid>
          </>
        )}
        {at(field) && (
          <Text size="sm" c="red" role="alert">
            {at(field)}
          </Text>
        )}
      </Stack>
    </Fieldset>
  );
}
