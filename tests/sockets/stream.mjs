// Runs the program of docs/graphql.md, which follows a subscription by the graphql-sse package.

const HELP = `usage: node stream.mjs PROGRAM URL QUERY [VARIABLES]

Import follow from the file PROGRAM, subscribe, and print every result as one line of JSON on stdout.
Each connection is a line of JSON on stderr, {"connected": 1}. VARIABLES is a JSON object.

environment:
  BELFRY_TOKEN       the token to send

exit codes: 0 completed, 1 the subscription failed (why is on stderr as {"error": ...}), 2 usage`;

const [program, url, query, given = '{}'] = process.argv.slice(2);
if (!program || !url || !query) {
  console.error(HELP);
  process.exit(2);
}

const { follow } = await import(program);
let connected = 0;
try {
  await follow({
    url,
    query,
    variables: JSON.parse(given),
    getToken: () => process.env.BELFRY_TOKEN,
    onResult: (result) => console.log(JSON.stringify(result)),
    on: { connected: () => note({ connected: ++connected }) },
  });
} catch (error) {
  note({ error: String(error.message ?? error) });
  process.exitCode = 1;
}

function note(line) {
  console.error(JSON.stringify(line));
}
