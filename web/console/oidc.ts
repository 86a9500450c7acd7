/**
 * Signing in at an identity provider: the session is a cookie that no script can read, and the page
 * keeps a short token only. What the paths answer is written down in docs/oidc.md.
 */

export interface Person {
  subject: string;
  name: string;
  role: 'subscriber' | 'viewer' | 'sender' | 'operator' | 'admin';
}

export interface Status extends Partial<Person> {
  /** The host of the provider that people sign in at; null if there is none. */
  provider: string | null;
  signedIn: boolean;
}

export interface Token extends Person {
  token: string;
  /** In milliseconds since 1970, by this machine's clock. */
  expiresAt: number;
}

/** A token is asked for anew this long before it ends. */
const AHEAD_MS = 30_000;

let known: Token | null = null;
let asking: Promise<Token | null> | null = null;

/** Whether people can sign in here, and who has. */
export async function status(): Promise<Status> {
  return (await ask('/session', 'GET')).json();
}

/**
 * A token that is good for a while yet, or as long as any; null if nobody is signed in. Throws if that can't be told
 * now.
 */
export function freshToken(longest = false): Promise<Token | null> {
  if (!longest && known && known.expiresAt - AHEAD_MS > Date.now()) return Promise.resolve(known);
  asking ??= renewed().finally(() => (asking = null));
  return asking;
}

/** Off to the provider, to come back to this page or to the path given. */
export function login(path: string = location.pathname + location.search + location.hash): void {
  location.assign(`/session/login?next=${encodeURIComponent(path)}`);
}

/** Signs out here, then at the provider if it has a page for that; leaves this page. */
export async function logout(): Promise<void> {
  const { next } = await (await ask('/session/logout', 'POST')).json();
  known = null;
  location.assign(next ?? '/console');
}

async function renewed(): Promise<Token | null> {
  known = null;
  const response = await fetch('/session/token', { method: 'POST', cache: 'no-store' });
  if (response.status === 401) return null;
  const { token, subject, name, role, expiresIn } = await (await checked(response)).json();
  // Not `expiresAt` as it is told: clocks may differ.
  known = { token, subject, name, role, expiresAt: Date.now() + expiresIn * 1_000 };
  return known;
}

async function ask(path: string, method: string): Promise<Response> {
  return checked(await fetch(path, { method, cache: 'no-store' }));
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  throw new Error(said?.errors?.[0]?.message ?? `the server answers ${response.status}`);
}
