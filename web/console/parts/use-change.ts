import { useState } from 'react';
import { type AnyVariables, type TypedDocumentNode, useMutation } from 'urql';

import { explain } from './explain';
import { tell } from './tell';
import { errorAt, errorsElsewhere, type Told } from './told';

type Payload<D> = D[Exclude<keyof D, '__typename'>];

export interface Change<D, V> {
  /** The payload; null if it was refused, undefined if nobody knows. Either is told. */
  run(variables: V): Promise<Payload<D> | null | undefined>;
  busy: boolean;
  /** What is wrong with a field of the form, or with what stands in it. */
  at(field: string): string | undefined;
  /** What is wrong with fields that the form does not have. */
  rest(fields: string[]): Told[];
  /** All of it. */
  errors: Told[];
  forget(): void;
}

/** A mutation of one field, whose payload has `errors`. */
export function useChange<D, V extends AnyVariables>(mutation: TypedDocumentNode<D, V>): Change<D, V> {
  const [{ fetching }, mutate] = useMutation<D, V>(mutation);
  const [errors, setErrors] = useState<Told[]>([]);
  return {
    busy: fetching,
    async run(variables) {
      const answer = await mutate(variables);
      if (answer.error || !answer.data) {
        if (answer.error) tell.failure(explain(answer.error));
        return undefined;
      }
      const [payload] = Object.values(answer.data) as [Payload<D> & { errors: Told[] }];
      setErrors(payload.errors);
      return payload.errors.length ? null : payload;
    },
    at: (field) => errorAt(errors, field),
    rest: (fields) => errorsElsewhere(errors, fields),
    errors,
    forget: () => setErrors([]),
  };
}
