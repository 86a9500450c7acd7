import { Button, Fieldset, Group, Stack, Tabs, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { Variant } from './draft';
import type { Parts } from './parts';

const MONO = { input: { fontFamily: 'var(--mantine-font-family-monospace)' } };

/** The words, by language. */
export function Variants({ draft, edit, fixed, at }: Parts) {
  const { variants } = draft;
  const [open, setOpen] = useState(0);
  const [locale, setLocale] = useState('');
  const place = Math.min(open, variants.length - 1);
  const variant = variants[place]!;
  const set = (changed: Partial<Variant>) =>
    edit({ variants: variants.map((one, at) => (at === place ? { ...one, ...changed } : one)) });
  const add = () => {
    edit({ variants: [...variants, { ...variant, locale: locale.trim() }] });
    setOpen(variants.length);
    setLocale('');
  };
  return (
    <Fieldset legend="Words" disabled={fixed}>
      <Tabs value={String(place)} onChange={(value) => setOpen(Number(value))}>
        <Tabs.List mb="sm">
          {variants.map((one, at) => (
            <Tabs.Tab key={one.locale} value={String(at)}>
              {one.locale}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={String(place)}>
          <Stack>
            <TextInput
              label="Subject"
              value={variant.subject}
              error={at(`variants.${place}.subject`)}
              onChange={(event) => set({ subject: event.currentTarget.value })}
            />
            <Textarea
              label="Text"
              description="Gaps are written {{ name }}; it is a Jinja2 template"
              autosize
              minRows={5}
              maxRows={16}
              styles={MONO}
              value={variant.text}
              error={at(`variants.${place}.text`)}
              onChange={(event) => set({ text: event.currentTarget.value })}
            />
            <Textarea
              label="HTML"
              description="For e-mail; values in it are escaped. Without a text, one is made of it"
              autosize
              minRows={4}
              maxRows={20}
              styles={MONO}
              value={variant.html}
              error={at(`variants.${place}.html`)}
              onChange={(event) => set({ html: event.currentTarget.value })}
            />
            {!fixed && (
              <Group gap="xs">
                <TextInput
                  aria-label="Another language"
                  placeholder="de-AT"
                  w={110}
                  size="xs"
                  value={locale}
                  onChange={(event) => setLocale(event.currentTarget.value)}
                />
                <Button variant="light" size="xs" disabled={!locale.trim()} onClick={add}>
                  Add this language
                </Button>
                {variants.length > 1 && (
                  <Button
                    variant="subtle"
                    color="gray"
                    size="xs"
                    onClick={() => edit({ variants: variants.filter((_, at) => at !== place) })}
                  >
                    Take {variant.locale} away
                  </Button>
                )}
              </Group>
            )}
          </Stack>
        </Tabs.Panel>
      </Tabs>
    </Fieldset>
  );
}
