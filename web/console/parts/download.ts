/**
 * Tables from the API, written to disk by the browser as they come. A form sends for them, with the token in its
 * body: links carry no headers, and URLs are kept in histories and logs.
 */

import { bearer } from '../session';
import { refusal } from './refusal';

/** By then an answer has begun, and is the browser's. */
const FRAME_MS = 120_000;

/** Sends for a file; a refusal is told to `onRefused`, whenever it comes. Throws if nobody is signed in. */
export async function download(url: string, onRefused: (error: Error) => void): Promise<void> {
  const authorization = await bearer(true);
  const frame = hiddenFrame(onRefused);
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: url, target: frame.name, hidden: true });
  form.append(Object.assign(document.createElement('input'), { name: 'authorization', value: authorization }));
  document.body.append(form);
  form.submit();
  form.remove();
}

/** Where the answer goes: of a file the browser shows nothing here, so that whatever it shows is a refusal. */
function hiddenFrame(onRefused: (error: Error) => void): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  Object.assign(frame, { name: `download-${crypto.getRandomValues(new Uint32Array(1))}`, hidden: true });
  document.body.append(frame);
  frame.addEventListener('load', () => {
    const shown = frame.contentDocument;
    if (shown?.URL === 'about:blank') return;
    onRefused(refusal(wordsOf(shown), 'The API could not be reached.'));
    frame.remove();
  });
  setTimeout(() => frame.remove(), FRAME_MS);
  return frame;
}

/** Of JSON as browsers show it, without what they put beside it; nothing of their own pages. */
const wordsOf = (shown: Document | null): string =>
  (shown?.querySelector('pre') ?? shown?.body)?.textContent ?? '';
