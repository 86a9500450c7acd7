import { Alert, List, Paper, Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from 'urql';

import { PreviewTemplateDocument } from '../../gql/graphql';
import { contextOf } from '../../parts/context';
import { Filled, place } from '../templates/filled';
import type { Draft } from './draft';

const PAUSE_MS = 300;

/** What a recipient gets, filled anew as one types. */
export function Seen({ draft }: { draft: Draft }) {
  const { template, gaps, typed } = draft;
  const input = { template, context: contextOf(gaps, typed), locale: draft.locale.trim() || null };
  const [asked] = useDebouncedValue(JSON.stringify(input), PAUSE_MS);
  const variables = { input: JSON.parse(asked) };
  const [{ data }] = useQuery({ query: PreviewTemplateDocument, variables, pause: !template || !variables.input.template });
  const found = template ? data?.previewTemplate : undefined;
  const own = !template && (draft.subject || draft.text) ? { subject: draft.subject, text: draft.text, html: '' } : null;
  const shown = found?.rendered ?? own;
  return (
    <Paper withBorder p="md" component="section" aria-label="Preview">
      <Stack>
        <Title order={2} size="h5">
          Preview
        </Title>
        {!shown && !found?.errors.length && (
          <Text size="sm" c="dimmed">
            Choose a template or write something, and it shows here as a recipient gets it.
          </Text>
        )}
        {found && found.errors.length > 0 && (
          <Alert color="yellow" variant="outline" role="status" title="Not filled yet">
            <List size="sm">
              {found.errors.map((one) => (
                <List.Item key={place(one) + one.message}>{one.message}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        {shown && <Filled {...shown} />}
      </Stack>
    </Paper>
  );
}
