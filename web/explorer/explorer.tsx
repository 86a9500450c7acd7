import './workers';
import 'graphiql/style.css';
import './explorer.css';

import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { type Client, createClient } from 'graphql-ws';
import { useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { EXAMPLES } from './examples';

/** For as long as the tab lives: a token is no thing to leave on a disk. */
const TOKEN = 'belfry.token';

/** The links of `belfry up` carry the token behind the #, which no browser sends to a server. */
function firstToken(): string {
  const said = new URLSearchParams(location.hash.slice(1)).get('token');
  if (said) {
    sessionStorage.setItem(TOKEN, said);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN) ?? '';
}

function useFetcher(token: string): Fetcher {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const client: Client = useMemo(
    () =>
      createClient({
        url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
        connectionParams: authorization,
        shouldRetry: () => true,
      }),
    [token],
  );
  useEffect(() => () => void client.dispose(), [client]);
  return useMemo(
    () => createGraphiQLFetcher({ url: '/graphql', wsClient: client, headers: authorization }),
    [client],
  );
}

function Explorer() {
  const [token, setToken] = useState(firstToken);
  const fetcher = useFetcher(token);
  const keep = (said: string) => {
    sessionStorage.setItem(TOKEN, said);
    setToken(said.trim());
  };
  return (
    <>
      <header className="top">
        <strong>Belfry</strong>
        <label>
          Token
          <input
            autoComplete="off"
            onChange={(event) => keep(event.target.value)}
            placeholder="belfry token --role admin --subject …"
            spellCheck={false}
            type="password"
            value={token}
          />
        </label>
      </header>
      <GraphiQL
        defaultEditorToolsVisibility="variables"
        defaultTabs={EXAMPLES}
        fetcher={fetcher}
        key={token}
        shouldPersistHeaders={false}
      />
    </>
  );
}

createRoot(document.querySelector('#root')!).render(<Explorer />);
