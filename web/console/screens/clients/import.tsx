import { Alert, Button, FileInput, Group, Modal, Progress, Stack, Text } from '@mantine/core';
import { IconFileSpreadsheet } from '@tabler/icons-react';
import { useState } from 'react';

import { ImportReport } from './import-report';
import { type Report, upload } from './upload';

/** A table of clients goes up: first tried, then written. */
export function Import({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState<number | null>(null);
  const [report, setReport] = useState<Report | null>(null);
  const [wrong, setWrong] = useState('');
  const send = async (dryRun: boolean) => {
    if (!file) return;
    setWrong('');
    setShare(0);
    try {
      setReport(await upload(file, dryRun, setShare));
      if (!dryRun) onDone();
    } catch (error) {
      setReport(null);
      setWrong((error as Error).message);
    }
    setShare(null);
  };
  const busy = share !== null;
  const written = report !== null && !report.dryRun;
  return (
    <Modal opened onClose={onClose} title="Import clients" size="lg" closeOnClickOutside={!busy}>
      <Stack>
        <FileInput
          label="Table"
          description="CSV with a line of column names, of which “phone” must be one; or NDJSON. A phone that is known is changed, any other added"
          accept=".csv,.tsv,.txt,.ndjson,.jsonl"
          leftSection={<IconFileSpreadsheet size={16} />}
          placeholder="Choose a file"
          value={file}
          onChange={(chosen) => {
            setFile(chosen);
            setReport(null);
          }}
          disabled={busy}
        />
        {busy && (
          <Stack gap={4} role="status">
            <Progress value={100 * share} aria-label="Upload" animated={share === 1} />
            <Text size="xs" c="dimmed">
              {share < 1 ? `${Math.round(100 * share)} % sent` : 'All sent; the rows are being read'}
            </Text>
          </Stack>
        )}
        {wrong && (
          <Alert color="red" variant="outline" role="alert" title="The import was refused">
            {wrong}
          </Alert>
        )}
        {report && <ImportReport report={report} />}
        <Group justify="flex-end">
          {written ? (
            <Button onClick={onClose}>Done</Button>
          ) : (
            <>
              <Button variant="default" disabled={!file || busy} onClick={() => send(true)}>
                Try without writing
              </Button>
              <Button disabled={!file} loading={busy} onClick={() => send(false)}>
                Import
              </Button>
            </>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
