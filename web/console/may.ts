/** Who may do what, as rules/roles.py has it; the API decides, this only shows what is of use. */

import { current, type Role } from './session';

const SENDER: Role[] = ['sender', 'operator', 'admin'];
const OPERATOR: Role[] = ['operator', 'admin'];

export const MAY = {
  CREATE_NOTIFICATIONS: SENDER,
  READ_ANY_INBOX: OPERATOR,
  READ_TEMPLATES: SENDER,
  MANAGE_TEMPLATES: OPERATOR,
  MANAGE_SUPPRESSIONS: OPERATOR,
  KEEP_CONTACTS: SENDER,
  READ_CLIENTS: OPERATOR,
  MANAGE_CLIENTS: OPERATOR,
  READ_MAILINGS: OPERATOR,
  MANAGE_MAILINGS: OPERATOR,
  READ_STATISTICS: OPERATOR,
  MANAGE_API_KEYS: ['admin'],
  READ_AUDIT_LOG: ['admin'],
} satisfies Record<string, Role[]>;

export type Permission = keyof typeof MAY;

export const may = (permission: Permission): boolean => {
  const role = current()?.role;
  return role !== undefined && (MAY[permission] as Role[]).includes(role);
};
