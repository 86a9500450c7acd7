/** Who is signed in: a token kept for as long as the tab lives, and what it may do. */

import { useSyncExternalStore } from 'react';

const TOKEN = 'belfry.token';

export type Role = 'subscriber' | 'sender' | 'operator' | 'admin';

export interface Session {
  token: string;
  subject: string;
  role: Role;
}

const listeners = new Set<() => void>();
let session: Session | null = restored();

/** The links of `belfry up` carry the token behind the #, which no browser sends to a server. */
function restored(): Session | null {
  const said = new URLSearchParams(location.hash.slice(1)).get('token');
  if (said) history.replaceState(null, '', location.pathname + location.search);
  if (said) sessionStorage.setItem(TOKEN, said);
  const token = said ?? sessionStorage.getItem(TOKEN);
  return token ? read(token) : null;
}

/** What a token says of itself; the API decides whether that is true. */
export function read(token: string): Session | null {
  try {
    const [, claims] = token.split('.');
    const { sub, role } = JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/')));
    return { token, subject: sub, role };
  } catch {
    return null;
  }
}

export function signIn(token: string): boolean {
  session = read(token.trim());
  if (session) sessionStorage.setItem(TOKEN, session.token);
  tell();
  return session !== null;
}

export function signOut(): void {
  session = null;
  sessionStorage.removeItem(TOKEN);
  tell();
}

export const current = (): Session | null => session;

export function useSession(): Session | null {
  return useSyncExternalStore(subscribe, current);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
