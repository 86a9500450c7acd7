/** Whom something is for, as its form has it. */

import type { AudienceInput } from '../../gql/graphql';

export const LISTS = ['tags', 'groups', 'segments', 'locales', 'timeZones', 'operatorCodes'] as const;

export type List = (typeof LISTS)[number];

export interface Chosen extends Record<List, string[]> {
  everyone: boolean;
  users: boolean;
}

type Said = Record<List, string[]> & { all: boolean; allUsers: boolean };

export const nobody = (): Chosen => ({
  everyone: false,
  users: false,
  tags: [],
  groups: [],
  segments: [],
  locales: [],
  timeZones: [],
  operatorCodes: [],
});

export const chosenIn = (said: Said): Chosen => ({
  everyone: said.all,
  users: said.allUsers,
  ...(Object.fromEntries(LISTS.map((name) => [name, said[name]])) as Record<List, string[]>),
});

/** The same for the API; null while nobody is chosen. */
export function audience(chosen: Chosen): AudienceInput | null {
  const { everyone, users } = chosen;
  if (everyone) return { all: true, allUsers: users };
  if (!users && LISTS.every((name) => !chosen[name].length)) return null;
  return { allUsers: users, ...Object.fromEntries(LISTS.map((name) => [name, chosen[name]])) };
}

const SPOKEN: Record<List, string> = {
  tags: 'tags',
  groups: 'groups',
  segments: 'segments',
  locales: 'languages',
  timeZones: 'time zones',
  operatorCodes: 'operator codes',
};

/** In words. */
export function whom(said: Said): string {
  const lists = LISTS.filter((name) => said[name].length).map((name) => `${SPOKEN[name]} ${said[name].join(', ')}`);
  return [said.all && 'all clients', said.allUsers && 'all users', ...lists].filter(Boolean).join('; ');
}
