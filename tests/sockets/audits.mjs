// Audits a GraphQL server by the public suite of the graphql-http package, and prints what it finds.

import { auditServer } from 'graphql-http';

const HELP = `usage: node audits.mjs URL

Run every audit of GraphQL over HTTP against the server at URL.
Each audit is a line of JSON on stdout:
  {"id": "22EB", "name": "SHOULD accept ...", "status": "ok", "reason": null}
The status is "ok", "warn" (a SHOULD or MAY that fails) or "error" (a MUST).

environment:
  BELFRY_TOKEN       sent as "Authorization: Bearer <token>"

exit codes: 0 every audit is ok, 1 some are not, 2 usage`;

const [url] = process.argv.slice(2);
if (process.argv.length !== 3 || !URL.canParse(url)) {
  console.error(HELP);
  process.exit(2);
}

const token = process.env.BELFRY_TOKEN;
const results = await auditServer({ url, fetchFn: authorized });
for (const { id, name, status, reason = null } of results) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
process.exitCode = results.every(({ status }) => status === 'ok') ? 0 : 1;

function authorized(target, options = {}) {
  const headers = new Headers(options.headers);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return fetch(target, { ...options, headers });
}
