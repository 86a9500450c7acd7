import { Fieldset, Group, List, NativeSelect, Pill, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from 'urql';

import { AudienceNamesDocument, type SendToAll } from '../../gql/graphql';
import { may } from '../../may';
import type { Told } from '../../parts/told';
import type { Fields } from '../compose/fields';
import type { Draft, Named } from './draft';
import { FindOne } from './find-one';

const ALL: { value: SendToAll; label: string }[] = [
  { value: 'CLIENTS', label: 'All clients' },
  { value: 'USERS', label: 'All users, by e-mail' },
  { value: 'EVERYONE', label: 'All clients and users' },
];
const OF_ONE = /^(?:input\.)?to\.recipients\.(\d+)/;

interface Given extends Fields<Draft> {
  errors: Told[];
}

/** Whom it goes to: some who are named, or many. */
export function To({ draft, change, at, errors }: Given) {
  const wide = may('MANAGE_MAILINGS');
  const [{ data }] = useQuery({ query: AudienceNamesDocument, variables: {}, pause: !wide });
  const choices = (list: { name: string }[] | undefined) => [
    { value: '', label: 'Choose…' },
    ...(list ?? []).map((one) => one.name),
  ];
  return (
    <Fieldset legend="Recipients">
      <Stack>
        {wide && (
          <SegmentedControl
            w="fit-content"
            aria-label="Whom"
            value={draft.to}
            onChange={(to) => change({ to: to as Draft['to'] })}
            data={[
              { value: 'named', label: 'By name' },
              { value: 'group', label: 'A group' },
              { value: 'segment', label: 'A segment' },
              { value: 'all', label: 'All' },
            ]}
          />
        )}
        {draft.to === 'named' && <ByName draft={draft} change={change} at={at} errors={errors} />}
        {draft.to === 'group' && (
          <NativeSelect
            label="Group"
            value={draft.group}
            error={at('to')}
            data={choices(data?.groups.nodes)}
            onChange={(event) => change({ group: event.currentTarget.value })}
          />
        )}
        {draft.to === 'segment' && (
          <NativeSelect
            label="Segment"
            value={draft.segment}
            error={at('to')}
            data={choices(data?.segments.nodes)}
            onChange={(event) => change({ segment: event.currentTarget.value })}
          />
        )}
        {draft.to === 'all' && (
          <NativeSelect
            label="All of whom"
            value={draft.all}
            error={at('to')}
            data={ALL}
            onChange={(event) => change({ all: event.currentTarget.value as SendToAll })}
          />
        )}
      </Stack>
    </Fieldset>
  );
}

function ByName({ draft, change, errors }: Given) {
  const { named } = draft;
  const add = (one: Named) => change({ named: [...named, one] });
  const wrong = errors.flatMap(({ field, message }) => {
    if (field.includes('.context')) return [];
    const place = OF_ONE.exec(field)?.[1];
    return place === undefined ? [] : [`${named[Number(place)]?.label ?? 'One of them'}: ${message}`];
  });
  const none = errors.find(({ field }) => /^(?:input\.)?to(?:\.recipients)?$/.test(field))?.message;
  return (
    <>
      <FindOne verb="Add" onFound={add} error={none} />
      {named.length > 0 && (
        <Group gap={6} role="list" aria-label="Recipients">
          {named.map((one, place) => (
            <Pill
              key={one.by + one.value}
              role="listitem"
              withRemoveButton
              removeButtonProps={{ 'aria-label': `Leave out ${one.label}`, 'aria-hidden': false, tabIndex: 0 }}
              onRemove={() => change({ named: named.filter((_, at) => at !== place) })}
            >
              {one.label}
            </Pill>
          ))}
        </Group>
      )}
      {wrong.length > 0 && (
        <List size="sm" c="var(--mantine-color-error)" role="alert">
          {wrong.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      )}
      <TextInput
        label="Language"
        description="A tag like de-AT for all of them; empty: each one's own, if it is known"
        w={240}
        value={draft.locale}
        onChange={(event) => change({ locale: event.currentTarget.value })}
      />
      {named.length === 0 && (
        <Text size="sm" c="dimmed">
          Add up to 1,000, one by one. For more, make a group.
        </Text>
      )}
    </>
  );
}
