import type { Draft } from './draft';

/** What the parts of the form are given. */
export interface Fields {
  draft: Draft;
  change: (changed: Partial<Draft>) => void;
  at: (field: string) => string | undefined;
}
