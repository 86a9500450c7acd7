/** What someone typed as JSON. */

export type Json = { value: unknown } | { wrong: string };

export function readJson(text: string): Json {
  if (!text.trim()) return { value: null };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { wrong: `This is no JSON: ${(error as Error).message}` };
  }
}

export const asObject = (text: string): unknown => {
  const read = readJson(text);
  return 'value' in read ? read.value : null;
};
