// Follows an inbox by the program of docs/bell.md, and prints what it shows whenever that has changed.

import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import WebSocket from 'ws';

const HELP = `usage: node bell.mjs [options] PROGRAM USER ADDRESS...

Follow the inbox of USER by followInbox() of the module PROGRAM. Every connection and request goes to
the next ADDRESS (host:port). What the bell shows is a line of JSON on stdout, at most one every 50 ms:
  {"seq": 7, "unread": 1, "shown": [...], "archived": [...], "heard": [5, 6, 7]}
"heard" has the seqs of the events since the line before, of a Resync none.

options:
  --drop MS   drop the connection without a word at random, every MS on average (default: never)
  --help      show this

environment:
  BELFRY_TOKEN   the Bearer token`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { drop: { type: 'string' }, help: { type: 'boolean', default: false } },
});
const [program, userId, ...addresses] = positionals;
if (options.help || addresses.length === 0) {
  console.log(HELP);
  process.exit(options.help ? 0 : 2);
}

const { followInbox, listed } = await import(pathToFileURL(program).href);
let turn = 0;
const next = (scheme) => `${scheme}://${addresses[turn++ % addresses.length]}/graphql`;
let heard = [];
let printing = null;
let line = null;

const bell = followInbox({
  httpUrl: () => next('http'),
  socketUrl: () => next('ws'),
  getToken: () => process.env.BELFRY_TOKEN,
  userId,
  longestPause: 500,
  webSocketImpl: WebSocket,
  on: { connected: (socket) => (line = socket) },
  onChange(inbox, event) {
    if (event && event.__typename !== 'Resync') heard.push(event.seq);
    printing ??= setTimeout(print, 50, inbox);
  },
});
process.on('SIGTERM', () => process.exit());
if (options.drop) drop(Number(options.drop));
await bell.done;

function print(inbox) {
  const archived = [...inbox.notifications.values()].filter((one) => one.isArchived);
  archived.sort((one, other) => other.seq - one.seq);
  const { seq, unread } = inbox;
  console.log(JSON.stringify({ seq, unread, shown: listed(inbox), archived, heard }));
  heard = [];
  printing = null;
}

function drop(mean) {
  const again = () => {
    line?.terminate();
    setTimeout(again, 2 * mean * Math.random());
  };
  setTimeout(again, 2 * mean * Math.random());
}
