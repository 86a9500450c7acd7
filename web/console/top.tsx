import { ActionIcon, Badge, Burger, Group, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconBellRinging, IconLogout, IconMoonStars, IconSun } from '@tabler/icons-react';

import { tell } from './parts/tell';
import { type Session, signOut } from './session';

interface Given {
  session: Session;
  opened: boolean;
  onMenu: () => void;
}

const leave = () =>
  signOut().catch((error: Error) =>
    tell.failure({ title: 'You are still signed in', advice: `Sign out again: ${error.message}.` }),
  );

export function Top({ session, opened, onMenu }: Given) {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  const other = dark ? 'Light colours' : 'Dark colours';
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap">
      <Group gap="xs" wrap="nowrap">
        <Burger opened={opened} onClick={onMenu} hiddenFrom="sm" size="sm" aria-label="Menu" aria-expanded={opened} />
        <IconBellRinging size={22} aria-hidden />
        <Text fw={700}>Belfry</Text>
      </Group>
      <Group gap="xs" wrap="nowrap">
        <Tooltip label={`Signed in as ${session.subject}`}>
          <Badge variant="default" tt="none">
            {session.role}
          </Badge>
        </Tooltip>
        <Tooltip label={other}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={other}
            onClick={() => setColorScheme(dark ? 'light' : 'dark')}
          >
            {dark ? <IconSun size={18} /> : <IconMoonStars size={18} />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Sign out">
          <ActionIcon variant="subtle" color="gray" onClick={leave} aria-label="Sign out">
            <IconLogout size={18} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Group>
  );
}
