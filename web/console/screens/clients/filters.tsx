import { Button, SimpleGrid, TagsInput, TextInput } from '@mantine/core';
import { IconFilterOff, IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

import type { useFilter } from '../../parts/use-filter';

export const NAMES: ('phone' | 'tag' | 'operatorCode' | 'timeZone')[] = ['phone', 'tag', 'operatorCode', 'timeZone'];

export type ClientFilter = ReturnType<typeof useFilter<(typeof NAMES)[number]>>;

const ZONES = Intl.supportedValuesOf('timeZone');
const WHOLE_PHONE = /^7\d{10}$/;

export function Filters({ filter, onChange }: { filter: ClientFilter; onChange: () => void }) {
  const told = filter.one('phone');
  const [phone, setPhone] = useState(told);
  useEffect(() => setPhone(told), [told]);
  const set = (name: (typeof NAMES)[number], value: string | string[]) => {
    onChange();
    filter.set(name, value);
  };
  const type = (said: string) => {
    setPhone(said);
    if (!said || WHOLE_PHONE.test(said)) set('phone', said);
  };
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 5 }} mb="md" role="search" aria-label="Clients">
      <TextInput
        label="Phone"
        placeholder="7XXXXXXXXXX"
        leftSection={<IconSearch size={16} />}
        value={phone}
        onChange={(event) => type(event.currentTarget.value.trim())}
      />
      <TagsInput label="Tags" acceptValueOnBlur value={filter.all('tag')} onChange={(list) => set('tag', list)} />
      <TagsInput
        label="Operator codes"
        acceptValueOnBlur
        value={filter.all('operatorCode')}
        onChange={(list) => set('operatorCode', list)}
      />
      <TagsInput
        label="Time zones"
        data={ZONES}
        limit={20}
        value={filter.all('timeZone')}
        onChange={(list) => set('timeZone', list)}
      />
      <Button
        variant="subtle"
        color="gray"
        mt={25}
        w="fit-content"
        disabled={!filter.any}
        leftSection={<IconFilterOff size={16} />}
        onClick={() => {
          onChange();
          filter.clear();
        }}
      >
        Clear
      </Button>
    </SimpleGrid>
  );
}
