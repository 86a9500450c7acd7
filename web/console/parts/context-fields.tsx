import { NativeSelect, Textarea, TextInput } from '@mantine/core';

import { EXAMPLES } from '../screens/templates/draft';
import type { Gap, Typed } from './context';

interface Given {
  gaps: Gap[];
  typed: Typed;
  at: (name: string) => string | undefined;
  onChange: (typed: Typed) => void;
}

const HINTS: Record<Gap['type'], string> = {
  TEXT: '',
  NUMBER: 'A number',
  BOOLEAN: '',
  DATE: '',
  LIST: 'A list, as JSON',
  OBJECT: 'An object, as JSON',
};

/** A field for each variable of a template. */
export function ContextFields({ gaps, typed, at, onChange }: Given) {
  return gaps.map((gap) => {
    const { name, type, required } = gap;
    const shared = {
      label: name,
      description: [HINTS[type], !required && `Empty: ${JSON.stringify(gap.default)}`].filter(Boolean).join('. '),
      required,
      value: typed[name] ?? '',
      error: at(name),
      onChange: (event: { currentTarget: { value: string } }) =>
        onChange({ ...typed, [name]: event.currentTarget.value }),
    };
    if (type === 'BOOLEAN') {
      const choices = [
        { value: '', label: 'Choose…' },
        { value: 'true', label: 'Yes' },
        { value: 'false', label: 'No' },
      ];
      return <NativeSelect key={name} {...shared} data={choices} />;
    }
    const placeholder = type === 'TEXT' || type === 'NUMBER' ? String(EXAMPLES[type]) : JSON.stringify(EXAMPLES[type]);
    if (type === 'LIST' || type === 'OBJECT') {
      return <Textarea key={name} {...shared} autosize minRows={1} maxRows={8} placeholder={placeholder} />;
    }
    return <TextInput key={name} {...shared} type={type === 'DATE' ? 'date' : 'text'} placeholder={placeholder} />;
  });
}
