import { NativeSelect } from '@mantine/core';
import { useQuery } from 'urql';

import { TemplateChoicesDocument } from '../gql/graphql';
import type { Gap, Typed } from './context';
import { ContextFields } from './context-fields';

export interface FromTemplate {
  /** The template's name; empty for words of one's own. */
  template: string;
  gaps: Gap[];
  typed: Typed;
}

interface Given {
  draft: FromTemplate;
  change: (changed: FromTemplate) => void;
  at: (field: string) => string | undefined;
  /** What is wrong with a variable, where it is another path than `context.name`. */
  atGap?: (name: string) => string | undefined;
}

/** Words of one's own, or a template and what fills its gaps. */
export function TemplateChoice({ draft, change, at, atGap = (name) => at(`context.${name}`) }: Given) {
  const [{ data }] = useQuery({ query: TemplateChoicesDocument, variables: {} });
  const templates = data?.templates.nodes ?? [];
  if (!templates.length) return null;
  const choose = (slug: string) =>
    change({ template: slug, gaps: templates.find((one) => one.slug === slug)?.variables ?? [], typed: {} });
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
        <ContextFields
          gaps={draft.gaps}
          typed={draft.typed}
          at={atGap}
          onChange={(typed) => change({ template: draft.template, gaps: draft.gaps, typed })}
        />
      )}
    </>
  );
}
