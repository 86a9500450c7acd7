import type { SendRowFragment } from '../../gql/graphql';
import { counted } from '../../parts/format';

const ALL = { CLIENTS: 'All clients', USERS: 'All users', EVERYONE: 'Everyone' };

/** Whom a send went to, in words. */
export function toWhom({ recipients, group, segment, all }: SendRowFragment['to']): string {
  if (all) return ALL[all];
  if (group) return `Group ${group}`;
  return segment ? `Segment ${segment}` : counted(recipients ?? 0, 'recipient');
}
