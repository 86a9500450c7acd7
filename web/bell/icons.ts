import { html } from 'lit';

const drawn = (path: string) => html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor"
  stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${path} /></svg>`;

export const BELL = drawn(
  'M6 9a6 6 0 0 1 12 0c0 6 2.5 7.5 2.5 7.5h-17S6 15 6 9M10 20a2.2 2.2 0 0 0 4 0',
);
export const ARCHIVE = drawn('M4 8h16v11H4zM3 4h18v4H3zM10 12h4');
export const CROSS = drawn('M6 6l12 12M18 6L6 18');
