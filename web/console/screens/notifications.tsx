import { Button, Grid, JsonInput, NativeSelect, Paper, Stack, Text, TextInput } from '@mantine/core';
import { IconBellPlus } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useQuery } from 'urql';
import { useSearchParams } from 'wouter';

import { CreateNotificationDocument, KindsDocument } from '../gql/graphql';
import { Failed } from '../parts/failed';
import { Head } from '../parts/head';
import { readJson } from '../parts/json';
import { LeftOver } from '../parts/left-over';
import { tell } from '../parts/tell';
import { useCreate } from '../parts/use-create';
import { ways } from './kinds/ways';
import { BellOf } from './notifications/bell-of';

const USER_ID = /^[0-9a-f]{24}$/i;
const FIELDS = ['userId', 'key', 'data'];

export default function Notifications() {
  const [search] = useSearchParams();
  const [{ data: known, error }, ask] = useQuery({ query: KindsDocument, variables: {} });
  const [userId, setUserId] = useState(search.get('user') ?? '');
  const [key, setKey] = useState('');
  const [data, setData] = useState('{}');
  const send = useCreate(CreateNotificationDocument);
  const kinds = known?.kinds ?? [];
  const chosen = kinds.find((one) => one.key === key) ?? kinds[0];
  const read = readJson(data);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if ('wrong' in read || !chosen) return;
    const said = { userId: userId.trim(), key: chosen.key, data: read.value };
    const done = await send.run(said, (idempotencyKey) => ({ input: { ...said, idempotencyKey } }));
    if (done) tell.done(done.notification ? `Sent; ${done.unread} unread now` : 'Sent by e-mail');
  };
  return (
    <>
      <Head title="Notifications">Tell one user something. It is in their bell before you look up.</Head>
      {error && <Failed error={error} onRetry={ask} />}
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Paper withBorder p="md" component="form" onSubmit={submit}>
            <Stack>
              <LeftOver errors={send.rest(FIELDS)} />
              <TextInput
                label="User"
                description="The id that your product has for them: 24 hexadecimal digits"
                required
                value={userId}
                error={send.at('userId')}
                onChange={(event) => setUserId(event.currentTarget.value)}
              />
              <NativeSelect
                label="Kind"
                description={chosen && ways(chosen)}
                value={chosen?.key ?? ''}
                error={send.at('key')}
                data={kinds.map((one) => one.key)}
                onChange={(event) => setKey(event.currentTarget.value)}
              />
              <JsonInput
                label="Data"
                description="What the kind's words are filled with, and what your product gets with it"
                autosize
                minRows={4}
                value={data}
                error={'wrong' in read ? read.wrong : send.at('data')}
                onChange={setData}
              />
              <Button type="submit" w="fit-content" loading={send.busy} leftSection={<IconBellPlus size={18} />}>
                Send
              </Button>
            </Stack>
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Paper withBorder p="md" component="section" aria-label="Their bell" mih={180}>
            {USER_ID.test(userId.trim()) ? (
              <BellOf userId={userId.trim()} />
            ) : (
              <Text size="sm" c="dimmed">
                Their bell shows here once the user's id is whole: the same element that your front end has.
              </Text>
            )}
          </Paper>
        </Grid.Col>
      </Grid>
    </>
  );
}
