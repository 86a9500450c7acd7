import { Alert, Button, Group, List, Modal, Paper, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

import type { PreviewQuery } from '../../gql/graphql';
import { count, counted } from '../../parts/format';
import { Moment } from '../../parts/moment';
import { CHANNELS } from '../../parts/words';

type Preview = NonNullable<PreviewQuery['mailingPreview']['preview']>;

interface Given {
  preview: Preview;
  name: string;
  now: boolean;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** The launch check: what would leave, to whom, and what may be wrong with it. */
export function Check({ preview, name, now, busy, onConfirm, onClose }: Given) {
  const { messages, unsent, warnings, samples, expectedFinish } = preview;
  return (
    <Modal opened onClose={onClose} title={`Send “${name}”?`} size="lg">
      <Stack>
        <Text>
          {counted(messages, 'message')}
          {expectedFinish && (
            <>
              , all sent by about <Moment at={expectedFinish} />
            </>
          )}
          .{unsent > 0 && ` ${count(unsent)} would not leave before the end.`}
        </Text>
        {warnings.length > 0 && (
          <Alert color="yellow" variant="outline" icon={<IconAlertTriangle />} title="Before you send">
            <List size="sm">
              {warnings.map((warning) => (
                <List.Item key={warning}>{warning}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        {samples.map((sample) => (
          <Paper key={sample.channel + sample.address} withBorder p="sm">
            <Group justify="space-between">
              <Text size="sm" fw={600}>
                {sample.address}
              </Text>
              <Text size="xs" c="dimmed">
                {CHANNELS[sample.channel]}, <Moment at={sample.dueAt} />
              </Text>
            </Group>
            {sample.subject && <Text size="sm">{sample.subject}</Text>}
            <Text size="sm" c="dimmed" lineClamp={4} style={{ whiteSpace: 'pre-wrap' }}>
              {sample.text}
            </Text>
          </Paper>
        ))}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back to the form
          </Button>
          <Button loading={busy} onClick={onConfirm}>
            {now ? `Send ${counted(messages, 'message')}` : 'Schedule it'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
