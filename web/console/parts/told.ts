/** The API's errors at the fields of a form. */

export interface Told {
  field: string;
  message: string;
}

/** Errors name the way to what is wrong: `input.audience.tags.3`, `audience`. */
function belongs({ field }: Told, ours: string): boolean {
  const path = field.replace(/^input\./, '');
  return path === ours || path.startsWith(`${ours}.`) || path.startsWith(`${ours}[`);
}

export const errorAt = (errors: Told[], field: string): string | undefined =>
  errors.find((one) => belongs(one, field))?.message;

/** Those at none of the fields. */
export const errorsElsewhere = (errors: Told[], fields: string[]): Told[] =>
  errors.filter((one) => !fields.some((field) => belongs(one, field)));
