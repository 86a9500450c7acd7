const SHOWN = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A time in the zone of who looks; pointing at it tells the exact one. */
export function Moment({ at }: { at: string | null | undefined }) {
  if (!at) return '—';
  return (
    <time dateTime={at} title={at}>
      {SHOWN.format(new Date(at))}
    </time>
  );
}
