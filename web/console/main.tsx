import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './console.css';

import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { useMemo } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';

import { connect } from './api';
import { SignIn } from './screens/sign-in';
import { useSession } from './session';
import { Shell } from './shell';
import { theme, variables } from './theme';

function App() {
  const session = useSession();
  const client = useMemo(connect, [session?.token]);
  if (!session) return <SignIn />;
  return (
    <Provider value={client}>
      <Shell key={session.subject + session.role} session={session} />
    </Provider>
  );
}

createRoot(document.querySelector('#root')!).render(
  <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
    <Notifications position="bottom-right" autoClose={8_000} />
    <App />
  </MantineProvider>,
);
