import { JsonInput, NativeSelect } from '@mantine/core';
import { useQuery } from 'urql';

import { TemplateChoicesDocument } from '../../gql/graphql';
import { readJson } from '../../parts/json';
import { EXAMPLES } from '../templates/draft';
import type { Fields } from './fields';

/** Words of one's own, or a template and what fills its gaps. */
export function FromTemplate({ draft, change, at }: Fields) {
  const [{ data }] = useQuery({ query: TemplateChoicesDocument, variables: {} });
  const templates = data?.templates.nodes ?? [];
  if (!templates.length) return null;
  const choose = (slug: string) => {
    const required = templates.find((one) => one.slug === slug)?.variables.filter((one) => one.required) ?? [];
    const context = Object.fromEntries(required.map(({ name, type }) => [name, EXAMPLES[type]]));
    change({ template: slug, context: required.length ? JSON.stringify(context, null, 2) : '' });
  };
  const read = readJson(draft.context);
  return (
    <>
      <NativeSelect
        label="Words"
        value={draft.template}
        error={at('template')}
        data={[
          { value: '', label: 'My own' },
          ...templates.map(({ slug, title }) => ({ value: slug, label: `Template: ${title}` })),
        ]}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {draft.template && (
        <JsonInput
          label="Filled with"
          description="A value for each of the template's variables, as JSON"
          autosize
          minRows={2}
          value={draft.context}
          error={'wrong' in read ? read.wrong : at('context')}
          onChange={(context) => change({ context })}
        />
      )}
    </>
  );
}
