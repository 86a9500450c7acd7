/** The API: queries and mutations over HTTP, what is live over one socket. */

import { Client, fetchExchange, mapExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';

import { bearer, forget } from './session';

function socket() {
  return createClient({
    url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
    // A token that can't be had just now ends a socket, which comes back; an error would end it for good.
    connectionParams: async () => ({ authorization: await bearer().catch(() => '') }),
    retryAttempts: Infinity,
    shouldRetry: () => true,
    lazyCloseTimeout: 2_000,
  });
}

export function connect(): Client {
  const live = socket();
  return new Client({
    url: '/graphql',
    preferGetMethod: false,
    requestPolicy: 'network-only',
    fetch: async (url, options) =>
      fetch(url, { ...options, headers: { ...options?.headers, authorization: await bearer() } }),
    exchanges: [
      mapExchange({
        onError: (error) => {
          const signedOut = error.graphQLErrors.some((one) => one.extensions.code === 'UNAUTHENTICATED');
          if (signedOut) forget();
        },
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: live.subscribe(
              { query: query ?? '', variables: variables as Record<string, unknown> },
              sink as never,
            ),
          }),
        }),
      }),
    ],
  });
}
