import { Button, Center, EmptyState } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';

import { signOut } from '../session';

/** For subscribers, who have a bell and nothing to run. */
export function NoPlace() {
  return (
    <Center component="main" mih="100dvh" p="md">
      <EmptyState
        icon={<IconLock />}
        title="The console is for staff"
        description="This token opens one user's inbox. Sign in with one of a viewer, a sender, an operator or an admin."
      >
        <EmptyState.Actions>
          <Button onClick={signOut}>Sign in anew</Button>
        </EmptyState.Actions>
      </EmptyState>
    </Center>
  );
}
