import { ActionIcon, Button, Fieldset, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';

import type { TemplateVariableType } from '../../gql/graphql';
import { title } from '../../parts/format';
import { TYPES, type Variable } from './draft';
import type { Parts } from './parts';

/** The names of the gaps, and what may fill them. */
export function Variables({ draft, edit, fixed, at }: Parts) {
  const { variables } = draft;
  const set = (place: number, changed: Partial<Variable>) =>
    edit({ variables: variables.map((one, at) => (at === place ? { ...one, ...changed } : one)) });
  return (
    <Fieldset legend="Variables" disabled={fixed}>
      <Stack gap="xs">
        <Text size="xs" c="dimmed">
          Name, type, and what stands in where a send says nothing, as JSON. Without that the variable is required.
        </Text>
        {variables.map((variable, place) => (
          <Group key={place} gap="xs" wrap="nowrap" align="flex-start">
            <TextInput
              flex={1}
              aria-label={`Name of variable ${place + 1}`}
              placeholder="name"
              value={variable.name}
              error={at(`variables.${place}`)}
              onChange={(event) => set(place, { name: event.currentTarget.value })}
            />
            <NativeSelect
              aria-label={`Type of variable ${place + 1}`}
              value={variable.type}
              data={TYPES.map((value) => ({ value, label: title(value) }))}
              onChange={(event) => set(place, { type: event.currentTarget.value as TemplateVariableType })}
            />
            <TextInput
              flex={1}
              aria-label={`Default of variable ${place + 1}, as JSON`}
              placeholder="required"
              value={variable.fallback}
              onChange={(event) => set(place, { fallback: event.currentTarget.value })}
            />
            <ActionIcon
              mt={4}
              variant="subtle"
              color="gray"
              aria-label={`Take variable ${place + 1} away`}
              onClick={() => edit({ variables: variables.filter((_, at) => at !== place) })}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="subtle"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} />}
          onClick={() => edit({ variables: [...variables, { name: '', type: 'TEXT', fallback: '' }] })}
        >
          Another variable
        </Button>
      </Stack>
    </Fieldset>
  );
}
