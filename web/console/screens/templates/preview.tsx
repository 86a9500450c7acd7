import { Alert, JsonInput, List, Paper, Stack, Tabs, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useQuery } from 'urql';

import { PreviewTemplateDocument, type PreviewTemplateQuery } from '../../gql/graphql';
import { explain } from '../../parts/explain';
import { readJson } from '../../parts/json';
import { type Draft, example, wording } from './draft';

const PAUSE_MS = 300;

type Mistake = PreviewTemplateQuery['previewTemplate']['errors'][number];

const place = ({ locale, part, line, column }: Mistake): string =>
  [locale, part, line && `line ${line}`, column && `column ${column}`].filter(Boolean).join(', ');

/** What a recipient would get, filled anew as one types. */
export function Preview({ draft }: { draft: Draft }) {
  const [own, setOwn] = useState<string | null>(null);
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
          onChange={setOwn}
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
        {found?.rendered && (
          <>
            <Text fw={600}>{found.rendered.subject}</Text>
            <Tabs defaultValue="text">
              <Tabs.List mb="sm">
                <Tabs.Tab value="text">Text</Tabs.Tab>
                {found.rendered.html && <Tabs.Tab value="html">HTML</Tabs.Tab>}
              </Tabs.List>
              <Tabs.Panel value="text">
                <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                  {found.rendered.text}
                </Text>
              </Tabs.Panel>
              {found.rendered.html && (
                <Tabs.Panel value="html">
                  {/* Neither scripts nor anything from elsewhere: it is someone's text. */}
                  <iframe
                    title="The e-mail"
                    sandbox=""
                    srcDoc={found.rendered.html}
                    style={{ background: '#fff', border: 0, height: 280, width: '100%' }}
                  />
                </Tabs.Panel>
              )}
            </Tabs>
          </>
        )}
      </Stack>
    </Paper>
  );
}
