import { Group, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';

import type { BelfryBellElement } from '../../../bell/bell';
import { may } from '../../may';
import { bearer } from '../../session';

const BELL = '/bell.js';

/** The bell of a user, as it is in any front end. */
export function BellOf({ userId }: { userId: string }) {
  const place = useRef<HTMLDivElement>(null);
  const allowed = may('READ_ANY_INBOX');
  useEffect(() => {
    if (!allowed) return;
    const bell = document.createElement('belfry-bell') as BelfryBellElement;
    let gone = false;
    void import(/* @vite-ignore */ new URL(BELL, location.href).href).then(() => {
      if (gone) return;
      bell.getToken = async () => (await bearer()).replace('Bearer ', '');
      bell.userId = userId;
      place.current?.replaceChildren(bell);
    });
    return () => {
      gone = true;
      bell.remove();
    };
  }, [userId, allowed]);
  return (
    <>
      <Group justify="space-between">
        <Title order={2} size="h5">
          Their bell
        </Title>
        <div ref={place} />
      </Group>
      <Text size="sm" c="dimmed" mt="sm">
        {allowed
          ? 'It follows the user live. What you mark read here is read for them too.'
          : 'Your role may not open the inbox of others. The notification arrives all the same.'}
      </Text>
    </>
  );
}
