import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';

import { download } from '../../parts/download';
import { tell } from '../../parts/tell';
import { type ClientFilter, NAMES } from './filters';
import type { Format } from './upload';

const refused = (error: Error) =>
  tell.failure({ title: 'The export was refused', advice: `${error.message} Ask for it again.` });

/** The clients that fit the filters, as a file. */
export function Export({ filter }: { filter: ClientFilter }) {
  const run = (format: Format) => {
    const asked = new URLSearchParams(NAMES.flatMap((name) => filter.all(name).map((value) => [name, value])));
    asked.set('format', format);
    download(`/clients/export?${asked}`, refused).catch(refused);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />}>
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
