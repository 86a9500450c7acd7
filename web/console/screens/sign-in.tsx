import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';

import { signIn } from '../session';

export function SignIn() {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWrong(!signIn(token));
  };
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper component="form" withBorder shadow="sm" p="xl" maw={440} w="100%" onSubmit={submit}>
        <Stack>
          <Title order={1} size="h2">
            Belfry
          </Title>
          <Text c="dimmed" size="sm">
            With <code>belfry up</code> open the console by the link that it prints. Elsewhere paste a token, as{' '}
            <code>belfry token --role operator --subject …</code> prints one.
          </Text>
          {wrong && (
            <Alert color="red" role="alert">
              That is no token. It has three parts with dots between them.
            </Alert>
          )}
          <PasswordInput
            label="Token"
            autoComplete="off"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            required
          />
          <Button type="submit">Sign in</Button>
        </Stack>
      </Paper>
    </Center>
  );
}
