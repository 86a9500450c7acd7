import type { ReactNode } from 'react';
import type { CombinedError } from 'urql';

import { Failed } from './failed';
import { type Column, Listing } from './listing';
import { Loading } from './loading';
import { Pager } from './pager';
import type { Pages } from './use-pages';

interface Given<N> {
  found: { nodes: N[]; pageInfo?: { hasNextPage: boolean; endCursor?: string | null }; totalCount?: number } | undefined;
  error: CombinedError | undefined;
  onRetry: () => void;
  pages?: Pages;
  label: string;
  columns: (string | Column)[];
  minWidth?: number;
  /** Where there is none. */
  nothing: ReactNode;
  children: (node: N) => ReactNode;
}

/** A list with all that can become of it: wanted, failed, empty, in pages. */
export function Records<N>({ found, error, onRetry, pages, label, columns, minWidth = 680, nothing, children }: Given<N>) {
  return (
    <>
      {error && <Failed error={error} onRetry={onRetry} />}
      {!found && !error && <Loading />}
      {found?.nodes.length === 0 && nothing}
      {found && found.nodes.length > 0 && (
        <>
          <Listing label={label} columns={columns} minWidth={minWidth}>
            {found.nodes.map(children)}
          </Listing>
          {pages && found.pageInfo && (
            <Pager
              pages={pages}
              info={found.pageInfo}
              {...(found.totalCount === undefined ? {} : { total: found.totalCount })}
            />
          )}
        </>
      )}
    </>
  );
}
