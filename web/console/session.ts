/** Who is signed in: by a token kept for as long as the tab lives, or at an identity provider. */

import { useSyncExternalStore } from 'react';

import { freshToken, logout, type Token } from './oidc';

const TOKEN = 'belfry.token';

export type Role = 'subscriber' | 'viewer' | 'sender' | 'operator' | 'admin';

export interface Session {
  token: string;
  subject: string;
  role: Role;
  /** Whether a provider has signed them in; then tokens are short, and fetched anew. */
  byProvider: boolean;
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
    return { token, subject: sub, role, byProvider: false };
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

/** Takes up the session that the identity provider has made, if there is one. */
export async function resume(): Promise<boolean> {
  const found = await freshToken();
  if (found) take(found);
  return found !== null;
}

function take({ token, subject, role }: Token): void {
  session = { token, subject, role, byProvider: true };
  tell();
}

/**
 * What requests and sockets show; a session that has ended leads back to signing in. What ends with its token, as
 * downloads do, asks for the longest.
 */
export async function bearer(longest = false): Promise<string> {
  if (!session?.byProvider) return `Bearer ${session?.token ?? ''}`;
  const found = await freshToken(longest);
  if (!found) forget();
  else if (found.subject !== session.subject || found.role !== session.role) {
    // In another tab; what this one still shows is not for them, and they did not ask for it.
    take(found);
    throw new Error('somebody else has signed in');
  }
  return `Bearer ${found?.token ?? ''}`;
}

/** Throws if the provider's session could not be ended. */
export async function signOut(): Promise<void> {
  // Leaves the page, by way of the provider.
  if (session?.byProvider) await logout();
  else forget();
}

export function forget(): void {
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
