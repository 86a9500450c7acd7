import type { CombinedError } from 'urql';

interface Explained {
  title: string;
  advice: string;
}

const ADVICE: Record<string, string> = {
  FORBIDDEN: 'Your role may not do this. Sign in with one that may, or ask an admin.',
  RATE_LIMITED: 'Too many requests came at once. Wait a moment, then ask again.',
  TIMEOUT: 'The answer took too long. Ask again, or narrow the filters.',
  UNAVAILABLE: 'A database is away. It is usually back within seconds; then ask again.',
};

/** An error as words of what to do. */
export function explain(error: CombinedError): Explained {
  const [first] = error.graphQLErrors;
  if (!first) {
    return {
      title: 'The API does not answer',
      advice: 'See whether it runs and whether you are on line. What is shown here may be old.',
    };
  }
  const advice = ADVICE[String(first.extensions['code'])] ?? 'Ask again. If it stays so, the log of the API says why.';
  return { title: first.message, advice };
}
