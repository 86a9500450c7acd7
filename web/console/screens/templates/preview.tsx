import { Alert, JsonInput, List, Paper, Stack, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from 'urql';

import { PreviewTemplateDocument } from '../../gql/graphql';
import { explain } from '../../parts/explain';
import { readJson } from '../../parts/json';
import { type Draft, example, wording } from './draft';
import { Filled, place } from './filled';

const PAUSE_MS = 300;

interface Given {
  draft: Draft;
  /** What someone typed; null for an example. */
  own: string | null;
  onContext: (own: string) => void;
}

/** What a recipient would get, filled anew as one types. */
export function Preview({ draft, own, onContext }: Given) {
  const context = own ?? example(draft);
  const read = readJson(context);
  const input = { draft: wording(draft), context: 'value' in read ? read.value : null };
  const [asked] = useDebouncedValue(JSON.stringify(input), PAUSE_MS);
  const [{ data, error }] = useQuery({ query: PreviewTemplateDocument, variables: { input: JSON.parse(asked) } });
  const found = data?.previewTemplate;
  return (
    <Paper withBorder p="md" component="section" aria-label="Preview">
      <Stack>
        <Title order={2} size="h5">
          Preview
        </Title>
        <JsonInput
          label="Filled with"
          description="As a send would say it; JSON"
          autosize
          minRows={2}
          maxRows={10}
          value={context}
          error={'wrong' in read ? read.wrong : undefined}
          onChange={onContext}
        />
        {error && (
          <Alert color="red" variant="outline" title={explain(error).title}>
            {explain(error).advice}
          </Alert>
        )}
        {found && found.errors.length > 0 && (
          <Alert color="red" variant="outline" role="status" title="It can't be filled">
            <List size="sm">
              {found.errors.map((one) => (
                <List.Item key={place(one) + one.message}>
                  {place(one)}: {one.message}
                </List.Item>
              ))}
            </List>
          </Alert>
        )}
        {found?.rendered && <Filled {...found.rendered} />}
      </Stack>
    </Paper>
  );
}
