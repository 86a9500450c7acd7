import type { Draft } from './draft';

/** What the parts of a form are given. */
export interface Fields<D = Draft> {
  draft: D;
  change: (changed: Partial<D>) => void;
  at: (field: string) => string | undefined;
}
