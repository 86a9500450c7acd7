/** What a refusal outside GraphQL says: the API answers with errors as GraphQL has them. */
export function refusal(text: string, otherwise: string): Error {
  try {
    return new Error(JSON.parse(text).errors[0].message);
  } catch {
    return new Error(otherwise);
  }
}
