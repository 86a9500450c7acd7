import { useEffect, useRef, useState } from 'react';

export interface Sample {
  at: string;
  value: number;
}

const KEPT = 60;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** How fast a number has grown of late, a second; a new sample with each new answer that tells it. */
export function useRate(told: number | undefined, answer: unknown): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  const before = useRef<{ told: number; at: number } | null>(null);
  useEffect(() => {
    if (told === undefined) return;
    const at = performance.now();
    const last = before.current;
    before.current = { told, at };
    if (!last) return;
    const value = Math.max(0, (1_000 * (told - last.told)) / (at - last.at));
    setSamples((kept) => [...kept, { at: TIME.format(new Date()), value: Math.round(value * 10) / 10 }].slice(-KEPT));
  }, [answer]);
  return samples;
}
