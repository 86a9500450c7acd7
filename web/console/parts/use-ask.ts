import { useState } from 'react';
import { type AnyVariables, type TypedDocumentNode, useClient } from 'urql';

import { explain } from './explain';
import { tell } from './tell';
import { errorAt, errorsElsewhere, type Told } from './told';

type Payload<D> = D[Exclude<keyof D, '__typename'>];

/** A query of one field, whose payload has `errors`, asked when told to. */
export function useAsk<D, V extends AnyVariables>(query: TypedDocumentNode<D, V>) {
  const client = useClient();
  const [found, setFound] = useState<Payload<D> | null>(null);
  const [errors, setErrors] = useState<Told[]>([]);
  const [busy, setBusy] = useState(false);
  return {
    busy,
    /** The payload, if it had no errors. */
    found,
    async ask(variables: V): Promise<void> {
      setBusy(true);
      const answer = await client.query<D, V>(query, variables).toPromise();
      setBusy(false);
      setFound(null);
      if (answer.error) return void tell.failure(explain(answer.error));
      const [payload] = Object.values(answer.data as object) as [Payload<D> & { errors: Told[] }];
      setErrors(payload.errors);
      if (!payload.errors.length) setFound(payload);
    },
    close: () => setFound(null),
    at: (field: string) => errorAt(errors, field),
    rest: (fields: string[]) => errorsElsewhere(errors, fields),
  };
}
