import { useRef } from 'react';
import type { AnyVariables, TypedDocumentNode } from 'urql';

import { newKey } from './local-time';
import { type Change, useChange } from './use-change';

type Created<D, V> = Omit<Change<D, V>, 'run'> & {
  /** Makes what `write` writes for an idempotency key; `said` is what the form says. */
  run(said: unknown, write: (key: string) => V): ReturnType<Change<D, V>['run']>;
  /** What `run` would send: the same once more while nobody knows whether it has arrived. */
  written(said: unknown, write: (key: string) => V): V;
};

/** A mutation that makes something: what had no answer and is sent again makes nothing twice. */
export function useCreate<D, V extends AnyVariables>(mutation: TypedDocumentNode<D, V>): Created<D, V> {
  const change = useChange(mutation);
  const unsure = useRef<{ said: string; variables: V } | null>(null);
  const written: Created<D, V>['written'] = (said, write) =>
    unsure.current?.said === JSON.stringify(said) ? unsure.current.variables : write(newKey());
  return {
    ...change,
    written,
    async run(said, write) {
      const variables = written(said, write);
      unsure.current = { said: JSON.stringify(said), variables };
      const done = await change.run(variables);
      if (done !== undefined) unsure.current = null;
      return done;
    },
  };
}
