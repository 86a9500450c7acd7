/** What fills a template's gaps, as a form has it: one text for each variable. */

import type { TemplateVariableType } from '../gql/graphql';
import { readJson } from './json';

export interface Gap {
  name: string;
  type: TemplateVariableType;
  required: boolean;
  default?: unknown;
}

export type Typed = Record<string, string>;

/** What is no number and no JSON goes to the API as it was typed, which says what belongs there. */
function valueOf(type: TemplateVariableType, text: string): unknown {
  if (type === 'NUMBER') return Number.isFinite(Number(text)) ? Number(text) : text;
  if (type === 'BOOLEAN') return text === 'true';
  if (type === 'TEXT' || type === 'DATE') return text;
  const read = readJson(text);
  return 'value' in read ? read.value : text;
}

/** What was left empty is left out: then the default stands in, if there is one. */
export const contextOf = (gaps: Gap[], typed: Typed): Record<string, unknown> =>
  Object.fromEntries(
    gaps.flatMap(({ name, type }) => {
      const text = typed[name] ?? '';
      return text.trim() ? [[name, valueOf(type, text)]] : [];
    }),
  );
