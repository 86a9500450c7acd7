import { useSearchParams } from 'wouter';

/** Filters that are kept in the address, so that it can be sent to a colleague. */
export function useFilter<K extends string>(names: K[]) {
  const [search, setSearch] = useSearchParams();
  const all = (name: K) => search.getAll(name);
  return {
    all,
    one: (name: K) => search.get(name) ?? '',
    any: names.some((name) => all(name).length > 0),
    set(name: K, value: string | string[]) {
      setSearch(
        (known) => {
          const next = new URLSearchParams(known);
          next.delete(name);
          for (const each of [value].flat()) if (each) next.append(name, each);
          return next;
        },
        { replace: true },
      );
    },
    clear: () => setSearch({}, { replace: true }),
  };
}
