/** A template as its editor has it. */

import type { TemplateDraftInput, TemplateVariableType, WordingFragment } from '../../gql/graphql';
import { asObject } from '../../parts/json';

export interface Variable {
  name: string;
  type: TemplateVariableType;
  /** JSON; empty makes it required. */
  fallback: string;
}

export interface Variant {
  locale: string;
  subject: string;
  text: string;
  html: string;
}

export interface Draft {
  slug: string;
  title: string;
  description: string;
  defaultLocale: string;
  variables: Variable[];
  variants: Variant[];
}

export const TYPES: TemplateVariableType[] = ['TEXT', 'NUMBER', 'BOOLEAN', 'DATE', 'LIST', 'OBJECT'];

export const EXAMPLES: Record<TemplateVariableType, unknown> = {
  TEXT: 'Ann',
  NUMBER: 3,
  BOOLEAN: true,
  DATE: '2026-01-31',
  LIST: ['tea', 'jam'],
  OBJECT: { city: 'Riga' },
};

export const fresh = (): Draft => ({
  slug: '',
  title: '',
  description: '',
  defaultLocale: 'en',
  variables: [{ name: 'name', type: 'TEXT', fallback: '' }],
  variants: [{ locale: 'en', subject: 'Good day, {{ name }}', text: 'Dear {{ name }},\n', html: '' }],
});

export const draftOf = (slug: string, stored: WordingFragment): Draft => ({
  slug,
  title: stored.title,
  description: stored.description,
  defaultLocale: stored.defaultLocale,
  variables: stored.variables.map(({ name, type, required, default: value }) => ({
    name,
    type,
    fallback: required ? '' : JSON.stringify(value),
  })),
  variants: stored.variants.map(({ locale, subject, text, html }) => ({ locale, subject, text, html })),
});

export const wording = (draft: Draft): TemplateDraftInput => ({
  defaultLocale: draft.defaultLocale,
  variables: draft.variables.map(({ name, type, fallback }) => ({
    name,
    type,
    default: fallback.trim() ? asObject(fallback) : null,
  })),
  variants: draft.variants,
});

/** Something to fill the gaps with. */
export const example = (draft: Draft): string =>
  JSON.stringify(
    Object.fromEntries(
      draft.variables.filter((one) => one.name && !one.fallback.trim()).map((one) => [one.name, EXAMPLES[one.type]]),
    ),
    null,
    2,
  );
