import { Alert, Button, Center, Divider, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';

import { login, status } from '../oidc';
import { resume, signIn } from '../session';

export function SignIn() {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState(false);
  const [provider, setProvider] = useState<string | null>(null);
  useEffect(() => {
    void status()
      .then(async (told) => {
        if (!told.signedIn || !(await resume())) setProvider(told.provider);
      })
      // A token signs in all the same.
      .catch(() => setProvider(null));
  }, []);
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
          {provider && (
            <>
              <Button onClick={() => login()}>Sign in with {provider}</Button>
              <Divider label="or by a token" />
            </>
          )}
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
          <Button type="submit" variant={provider ? 'default' : 'filled'}>
            Sign in
          </Button>
        </Stack>
      </Paper>
    </Center>
  );
}
