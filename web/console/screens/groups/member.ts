/** A member as someone writes it: an id, a phone or an e-mail address. */

import type { MemberInput } from '../../gql/graphql';

export function memberOf(said: string): MemberInput {
  if (said.includes('@')) return { email: said };
  if (/^[0-9a-f]{24}$/i.test(said)) return { userId: said };
  if (/^\+?[\d\s()-]+$/.test(said)) return { phone: said.replace(/\D/g, '') };
  return { clientId: said };
}

export const listed = (text: string): string[] =>
  text
    .split(/[\n,;]/)
    .map((one) => one.trim())
    .filter(Boolean);
