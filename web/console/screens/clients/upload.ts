/** Tables to and from the API, which takes and gives them outside GraphQL. */

import { bearer } from '../../session';

export interface Report {
  dryRun: boolean;
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  refused: number;
  repeated: number;
  errors: { line: number; field: string; message: string }[];
  moreErrors: number;
  repeats: { line: number; earlier: number; phone: string }[];
}

export type Format = 'csv' | 'ndjson';

const MEDIA: Record<Format, string> = { csv: 'text/csv', ndjson: 'application/x-ndjson' };

export const formatOf = (name: string): Format => (/\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : 'csv');

/** What a refusal says: the API answers with errors as GraphQL has them. */
function refusal(text: string, status: number): Error {
  try {
    return new Error(JSON.parse(text).errors[0].message);
  } catch {
    return new Error(`The API answered ${status}.`);
  }
}

/** Sends a table; `fetch` tells no progress of what goes up. */
export async function upload(file: File, dryRun: boolean, onProgress: (share: number) => void): Promise<Report> {
  const format = formatOf(file.name);
  const authorization = await bearer();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/clients/import?format=${format}&dryRun=${dryRun}`);
    request.setRequestHeader('Authorization', authorization);
    request.setRequestHeader('Content-Type', MEDIA[format]);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new Error('The connection broke. What was written stays; send the file again.'));
    request.onload = () => {
      if (request.status === 200) resolve(JSON.parse(request.responseText));
      else reject(refusal(request.responseText, request.status));
    };
    request.send(file);
  });
}

/** Fetches a table and hands it to the browser as a file. */
export async function download(format: Format, filter: URLSearchParams): Promise<void> {
  filter.set('format', format);
  const answer = await fetch(`/clients/export?${filter}`, { headers: { Authorization: await bearer() } });
  if (!answer.ok) throw refusal(await answer.text(), answer.status);
  const address = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement('a'), { href: address, download: `clients.${format}` });
  link.click();
  URL.revokeObjectURL(address);
}
