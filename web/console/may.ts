/** Who may do what, as rules/roles.py has it; the API decides, this only shows what is of use. */

import { current, type Role } from './session';

const SENDER: Role[] = ['sender', 'operator', 'admin'];
const OPERATOR: Role[] = ['operator', 'admin'];
/** Who may only look, and who may do more. */
const VIEWER: Role[] = ['viewer', 'operator', 'admin'];
const READER: Role[] = ['viewer', 'sender', 'operator', 'admin'];

export const MAY = {
  CREATE_NOTIFICATIONS: SENDER,
  READ_ANY_INBOX: OPERATOR,
  SEND: SENDER,
  READ_SENDS: READER,
  READ_TEMPLATES: READER,
  MANAGE_TEMPLATES: OPERATOR,
  READ_SUPPRESSIONS: VIEWER,
  MANAGE_SUPPRESSIONS: OPERATOR,
  MANAGE_KINDS: OPERATOR,
  KEEP_CONTACTS: SENDER,
  READ_CLIENTS: VIEWER,
  MANAGE_CLIENTS: OPERATOR,
  READ_MAILINGS: VIEWER,
  MANAGE_MAILINGS: OPERATOR,
  READ_STATISTICS: VIEWER,
  EXPORT: OPERATOR,
  MANAGE_API_KEYS: ['admin'],
  READ_AUDIT_LOG: ['admin'],
} satisfies Record<string, Role[]>;

export type Permission = keyof typeof MAY;

export const may = (permission: Permission): boolean => {
  const role = current()?.role;
  return role !== undefined && (MAY[permission] as Role[]).includes(role);
};
