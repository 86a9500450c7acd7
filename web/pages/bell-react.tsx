import './jsx';

import { type FormEvent, useCallback, useState } from 'react';
import { createRoot } from 'react-dom/client';

import type { BellNotification, BellStatus } from '../bell/bell';

interface Reader {
  userId: string;
  token: string;
}

const CODE = `<belfry-bell
  userId={user.id}
  getToken={fetchToken}
  onbelfry-status={(event) => setStatus(event.detail)}
  onbelfry-notification={(event) => setLast(event.detail)}
/>`;

/** The links of `belfry up` carry user and token behind the #, which no browser sends to a server. */
function said(): Reader {
  const found = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  return { userId: found.get('user') ?? '', token: found.get('token') ?? '' };
}

function Form({ first, onFollow }: { first: Reader; onFollow: (reader: Reader) => void }) {
  const follow = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onFollow({ userId: String(form.get('user')), token: String(form.get('token')) });
  };
  return (
    <form onSubmit={follow}>
      <label>
        User <input name="user" required pattern="[0-9a-fA-F]{24}" autoComplete="off" defaultValue={first.userId} />
      </label>
      <label>
        Token <input name="token" required autoComplete="off" defaultValue={first.token} />
      </label>
      <button>Follow</button>
    </form>
  );
}

function App({ first }: { first: Reader }) {
  const [reader, setReader] = useState(first);
  const [status, setStatus] = useState<BellStatus>();
  const [unread, setUnread] = useState(0);
  const [last, setLast] = useState<BellNotification>();
  // The same function at each rendering: another one is another way to sign in, and a new connection.
  const getToken = useCallback(() => reader.token, [reader]);
  return (
    <>
      <header>
        <strong>Your product</strong>
        {reader.userId && (
          <belfry-bell
            userId={reader.userId}
            getToken={getToken}
            onbelfry-status={(event) => setStatus(event.detail)}
            onbelfry-unread={(event) => setUnread(event.detail)}
            onbelfry-notification={(event) => setLast(event.detail)}
          />
        )}
      </header>
      <main>
        <h1>A bell in React</h1>
        <p>Properties and events of the element are those of a component; what it says is state like any other.</p>
        <Form first={first} onFollow={setReader} />
        <p>
          Status: <output id="status">{status ?? 'not following'}</output>, unread: <output id="unread">{unread}</output>
        </p>
        <p>
          The last that came in: <output id="last">{last ? last.title || last.key : 'none yet'}</output>
        </p>
        <h2>The code</h2>
        <pre tabIndex={0}>
          <code>{CODE}</code>
        </pre>
      </main>
    </>
  );
}

await import(/* @vite-ignore */ new URL('/bell.js', location.href).href);
createRoot(document.querySelector('#root')!).render(<App first={said()} />);
