import type { Draft } from './draft';

/** What the parts of the editor are given. */
export interface Parts {
  draft: Draft;
  edit: (changed: Partial<Draft>) => void;
  /** Whether it can only be read. */
  fixed: boolean;
  at: (field: string) => string | undefined;
}
