import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';

import { tell } from '../../parts/tell';
import { type ClientFilter, NAMES } from './filters';
import { download, type Format } from './upload';

/** The clients that fit the filters, as a file. */
export function Export({ filter }: { filter: ClientFilter }) {
  const [busy, setBusy] = useState(false);
  const run = async (format: Format) => {
    const asked = new URLSearchParams(NAMES.flatMap((name) => filter.all(name).map((value) => [name, value])));
    setBusy(true);
    try {
      await download(format, asked);
    } catch (error) {
      tell.failure({ title: 'The export broke off', advice: `${(error as Error).message} Ask for it again.` });
    }
    setBusy(false);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />} loading={busy}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => run('csv')}>CSV, for spreadsheets</Menu.Item>
        <Menu.Item onClick={() => run('ndjson')}>NDJSON, for programs</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
