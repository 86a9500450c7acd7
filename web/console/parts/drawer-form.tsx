import { Button, Drawer, Group, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';

import { LeftOver } from './left-over';
import type { Told } from './told';

interface Given {
  title: string;
  /** What the button says. */
  verb: string;
  busy: boolean;
  /** At fields that the form does not show. */
  errors: Told[];
  size?: string;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A form at the edge of its list. */
export function DrawerForm({ title, verb, busy, errors, size = 'md', onSubmit, onClose, children }: Given) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Drawer opened onClose={onClose} position="right" size={size} title={title}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <LeftOver errors={errors} />
          {children}
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
