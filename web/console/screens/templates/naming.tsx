import { Fieldset, SimpleGrid, TextInput } from '@mantine/core';

import type { Parts } from './parts';

const FIELDS = [
  { name: 'title', label: 'Title', hint: 'One line for people' },
  { name: 'slug', label: 'Name', hint: 'Sends call it by this; it never changes' },
  { name: 'description', label: 'Description', hint: 'When to use it' },
  { name: 'defaultLocale', label: 'Default language', hint: 'Stands in for those without words of their own' },
] as const;

export function Naming({ draft, edit, fixed, at, isNew }: Parts & { isNew: boolean }) {
  return (
    <Fieldset legend="Template" disabled={fixed}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {FIELDS.map(({ name, label, hint }) => (
          <TextInput
            key={name}
            label={label}
            description={hint}
            required={name !== 'description'}
            readOnly={name === 'slug' && !isNew}
            value={draft[name]}
            error={at(name)}
            onChange={(event) => edit({ [name]: event.currentTarget.value })}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
