/** From when until when, as a form has it. */

import { inHours, toLocal } from '../../parts/local-time';

export interface Times {
  now: boolean;
  start: string;
  end: string;
  windowed: boolean;
  opens: string;
  closes: string;
}

export const times = (): Times => ({
  now: true,
  start: toLocal(inHours(1)),
  end: toLocal(inHours(24)),
  windowed: false,
  opens: '09:00',
  closes: '20:00',
});

export const windowOf = ({ windowed, opens, closes }: Times) => (windowed ? { from: opens, to: closes } : null);
