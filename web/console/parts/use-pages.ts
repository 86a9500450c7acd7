import { useState } from 'react';

export interface Pages {
  after: string | null;
  number: number;
  next(cursor: string): void;
  previous(): void;
  first(): void;
}

/** Where one is in a list that is read by cursors. */
export function usePages(): Pages {
  const [cursors, setCursors] = useState<string[]>([]);
  return {
    after: cursors.at(-1) ?? null,
    number: cursors.length + 1,
    next: (cursor) => setCursors([...cursors, cursor]),
    previous: () => setCursors(cursors.slice(0, -1)),
    first: () => setCursors([]),
  };
}
