import { Alert, List } from '@mantine/core';

/** Errors at fields that a form does not show. */
export function LeftOver({ errors }: { errors: { field: string; message: string }[] }) {
  if (!errors.length) return null;
  return (
    <Alert color="red" variant="outline" role="alert" title="This could not be done">
      <List size="sm">
        {errors.map((one) => (
          <List.Item key={one.field + one.message}>
            {one.field ? `${one.field}: ` : ''}
            {one.message}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
