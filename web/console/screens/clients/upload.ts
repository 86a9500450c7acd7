/** Tables to the API, which takes them outside GraphQL. */

import { refusal } from '../../parts/refusal';
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
      else reject(refusal(request.responseText, `The API answered ${request.status}.`));
    };
    request.send(file);
  });
}
