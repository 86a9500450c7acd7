import { Progress } from '@mantine/core';

import { count } from './format';
import { type ByStatus, ended, STATUSES } from './words';

const SHOWN = Object.values(STATUSES).filter(({ key }) => key !== 'pending');

/** How far a mailing is, by what became of its messages. */
export function Bar({ counts, size = 'md' }: { counts: ByStatus; size?: 'md' | 'xl' }) {
  const whole = Math.max(1, counts.total);
  const said = SHOWN.filter(({ key }) => counts[key] > 0).map(
    ({ key, label }) => `${label.toLowerCase()} ${count(counts[key])}`,
  );
  return (
    <Progress.Root
      size={size}
      role="progressbar"
      aria-label="Messages that ended"
      aria-valuemin={0}
      aria-valuemax={counts.total}
      aria-valuenow={ended(counts)}
      aria-valuetext={`${count(ended(counts))} of ${count(counts.total)}${said.length ? `: ${said.join(', ')}` : ''}`}
    >
      {SHOWN.map(({ key, label, color }) => (
        <Progress.Section
          key={key}
          value={(100 * counts[key]) / whole}
          color={color}
          withAria={false}
          title={`${label}: ${count(counts[key])}`}
        />
      ))}
    </Progress.Root>
  );
}
