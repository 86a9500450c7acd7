import { Autocomplete, Button, Group, NativeSelect } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useClient, useQuery } from 'urql';

import { ClientByPhoneDocument, ContactNamesDocument } from '../../gql/graphql';
import { may } from '../../may';
import type { By, Named } from './draft';

interface Given {
  /** What the button says. */
  verb: string;
  onFound: (named: Named) => void;
  error?: string | undefined;
  first?: By;
}

const WAYS: { value: By; label: string; hint: string }[] = [
  { value: 'email', label: 'E-mail address', hint: 'ann@example.com' },
  { value: 'phone', label: 'Phone', hint: '7 and 10 more digits' },
  { value: 'contactName', label: 'Contact of yours', hint: 'A name' },
  { value: 'userId', label: 'User', hint: '24 hexadecimal digits' },
  { value: 'clientId', label: 'Client, by phone', hint: 'All its addresses' },
];

/** Names one recipient. */
export function FindOne({ verb, onFound, error, first = 'email' }: Given) {
  const client = useClient();
  const [by, setBy] = useState<By>(first);
  const [value, setValue] = useState('');
  const [missing, setMissing] = useState('');
  const [name] = useDebouncedValue(value, 200);
  const ofContacts = by === 'contactName';
  const [{ data }] = useQuery({ query: ContactNamesDocument, variables: { name }, pause: !ofContacts });
  const ways = WAYS.filter((way) => way.value !== 'clientId' || may('READ_CLIENTS'));
  const chosen = ways.find((way) => way.value === by) ?? WAYS[0]!;
  const found = (key: string, label: string) => {
    onFound({ by, value: key, label });
    setValue('');
  };
  const add = async () => {
    const text = value.trim();
    setMissing('');
    if (!text) return setMissing('Say who');
    if (by !== 'clientId') return found(text, text);
    const answer = await client.query(ClientByPhoneDocument, { phone: text }).toPromise();
    const one = answer.data?.clients.nodes[0];
    if (one) return found(one.id, `client ${one.phone}`);
    return setMissing(answer.error?.graphQLErrors[0]?.message ?? 'No client has this phone');
  };
  return (
    <Group align="flex-start" gap="xs">
      <NativeSelect
        label="By"
        value={by}
        data={ways.map(({ value: way, label }) => ({ value: way, label }))}
        onChange={(event) => {
          setBy(event.currentTarget.value as By);
          setValue('');
          setMissing('');
        }}
      />
      <Autocomplete
        flex={1}
        miw={180}
        label="Who"
        placeholder={chosen.hint}
        value={value}
        data={ofContacts ? (data?.contacts.nodes.map((one) => one.name) ?? []) : []}
        error={missing || error}
        onChange={setValue}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          void add();
        }}
      />
      <Button variant="default" mt={25} onClick={() => void add()}>
        {verb}
      </Button>
    </Group>
  );
}
