// Subscribes as a front end does, by the graphql-ws package, and prints what comes.

import { parseArgs } from 'node:util';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const PAUSE_MS = 250;

const HELP = `usage: node subscribe.mjs [options] URL QUERY [VARIABLES]

Subscribe over WebSocket and print every result as one line of JSON on stdout.
Opened and closed sockets are lines of JSON on stderr:
  {"opened": 1}                              count of sockets so far
  {"closed": 4403, "reason": "Forbidden"}
Reconnecting is left to graphql-ws. VARIABLES is a JSON object; if it has "after", a new socket
goes on after the cursor of the last result.

options:
  --count N          exit after N results
  --retries N        reconnects in a row before giving up, 250 ms apart (default 5)
  --lazy-close MS    keep the socket this long after the last result (default 0)
  --help             show this

environment:
  BELFRY_TOKEN       sent as "Bearer <token>" in connection_init

exit codes: 0 done, 1 the subscription failed (why is on stderr as {"error": ...}), 2 usage`;

const { values: options, positionals } = readArguments();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const [url, query, variables = '{}'] = positionals;
if (!url || !query || positionals.length > 3) {
  usage('URL and QUERY are needed, VARIABLES may follow');
}

const token = process.env.BELFRY_TOKEN;
const wanted = options.count === undefined ? Infinity : number('count');
const given = object(variables);
let opened = 0;

const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: token ? { authorization: `Bearer ${token}` } : undefined,
  lazyCloseTimeout: number('lazy-close'),
  retryAttempts: number('retries'),
  // An address where nobody listens yet is no close event, and would end it at once.
  shouldRetry: () => true,
  retryWait: () => new Promise((over) => setTimeout(over, PAUSE_MS)),
  on: {
    opened: () => note({ opened: ++opened }),
    closed: ({ code, reason }) => note({ closed: code, reason }),
  },
});

process.on('SIGTERM', () => client.dispose());
try {
  await printResults(client.iterate({ query, variables: given }));
} catch (error) {
  note({ error: said(error) });
  process.exitCode = 1;
}
await client.dispose();

async function printResults(results) {
  let count = 0;
  if (wanted === 0) return;
  for await (const result of results) {
    console.log(JSON.stringify(result));
    // The client writes down the variables anew for each socket, and so goes on where it was.
    if ('after' in given) given.after = cursorOf(result) ?? given.after;
    if (++count >= wanted) return;
  }
}

function cursorOf(result) {
  return Object.values(result.data ?? {})[0]?.cursor;
}

// GraphQL errors come as a list, closed sockets as a CloseEvent, refused ones as an Error.
function said(error) {
  if (Array.isArray(error)) return error;
  if (error?.code !== undefined && error?.reason !== undefined) {
    return { code: error.code, reason: error.reason };
  }
  return { message: String(error?.message ?? error) };
}

function note(line) {
  console.error(JSON.stringify(line));
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        count: { type: 'string' },
        retries: { type: 'string', default: '5' },
        'lazy-close': { type: 'string', default: '0' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return usage(error.message);
  }
}

function number(name) {
  const value = Number(options[name]);
  return Number.isInteger(value) && value >= 0 ? value : usage(`--${name} takes a whole number`);
}

function object(text) {
  try {
    const value = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch {
    // Said below, as for any other JSON that is no object.
  }
  return usage('VARIABLES must be a JSON object');
}

function usage(problem) {
  console.error(`${problem}\n\n${HELP}`);
  process.exit(2);
}
