import { useEffect, useRef } from 'react';
import { type AnyVariables, type TypedDocumentNode, useQuery, type UseQueryArgs, type UseQueryState } from 'urql';

import { useVisible } from './use-visible';

/** A query that is asked again and again while the tab is seen, and at once when it is seen again. */
export function usePolled<D, V extends AnyVariables>(
  query: TypedDocumentNode<D, V>,
  variables: V,
  seconds: number,
): [UseQueryState<D, V>, () => void] {
  const [answer, ask] = useQuery<D, V>({ query, variables } as UseQueryArgs<V, D>);
  const visible = useVisible();
  const hidden = useRef(false);
  const again = useRef(ask);
  again.current = ask;
  useEffect(() => {
    if (!visible) {
      hidden.current = true;
      return;
    }
    if (hidden.current) again.current();
    hidden.current = false;
    const timer = setInterval(() => again.current(), seconds * 1_000);
    return () => clearInterval(timer);
  }, [visible, seconds]);
  return [answer, ask];
}
