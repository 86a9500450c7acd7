import { Textarea, TextInput } from '@mantine/core';

export interface TextField<N extends string> {
  name: N;
  label: string;
  hint?: string;
  required?: boolean;
  /** Never changes once it is there. */
  lasting?: boolean;
  long?: boolean;
}

interface Given<N extends string> {
  fields: readonly TextField<N>[];
  values: Record<N, string>;
  /** Whether what they say is stored already. */
  stored: boolean;
  at: (field: string) => string | undefined;
  onChange: (values: Record<N, string>) => void;
}

/** Lines of text, one below the other. */
export function TextFields<N extends string>({ fields, values, stored, at, onChange }: Given<N>) {
  return fields.map(({ name, label, hint, required = false, lasting = false, long = false }) => {
    const Input = long ? Textarea : TextInput;
    return (
      <Input
        key={name}
        label={label}
        description={hint}
        required={required}
        readOnly={lasting && stored}
        value={values[name]}
        error={at(name)}
        {...(long ? { autosize: true, minRows: 2, maxRows: 10 } : {})}
        onChange={(event) => onChange({ ...values, [name]: event.currentTarget.value })}
      />
    );
  });
}

/** What a record says in these fields; nothing where there is none. */
export const textsOf = <N extends string>(
  fields: readonly TextField<N>[],
  record: Partial<Record<N, string | null>> | null,
): Record<N, string> =>
  Object.fromEntries(fields.map(({ name }) => [name, record?.[name] ?? ''])) as Record<N, string>;
