import { Tabs, Text } from '@mantine/core';

interface Given {
  subject: string;
  text: string;
  html: string;
}

interface Mistake {
  locale?: string | null;
  part: string;
  line?: number | null;
  column?: number | null;
}

/** Where in a template something is wrong. */
export const place = ({ locale, part, line, column }: Mistake): string =>
  [locale, part, line && `line ${line}`, column && `column ${column}`].filter(Boolean).join(', ');

/** A message as its recipient gets it. */
export function Filled({ subject, text, html }: Given) {
  return (
    <>
      {subject && <Text fw={600}>{subject}</Text>}
      <Tabs defaultValue="text">
        {html && (
          <Tabs.List mb="sm">
            <Tabs.Tab value="text">Text</Tabs.Tab>
            <Tabs.Tab value="html">HTML</Tabs.Tab>
          </Tabs.List>
        )}
        <Tabs.Panel value="text">
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {text}
          </Text>
        </Tabs.Panel>
        {html && (
          <Tabs.Panel value="html">
            {/* Neither scripts nor anything from elsewhere: it is someone's text. */}
            <iframe
              title="The e-mail"
              sandbox=""
              srcDoc={html}
              style={{ background: '#fff', border: 0, height: 280, width: '100%' }}
            />
          </Tabs.Panel>
        )}
      </Tabs>
    </>
  );
}
