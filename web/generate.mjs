// Types and documents of the console's operations, out of the schema, into console/gql/.
import { join } from 'node:path';

import { generate as run } from '@graphql-codegen/cli';

const here = import.meta.dirname;

export const generate = () =>
  run(
    {
      cwd: here,
      schema: join(here, '../schema.graphql'),
      documents: join(here, 'console/**/*.graphql'),
      generates: {
        [join(here, 'console/gql/')]: {
          preset: 'client',
          presetConfig: { fragmentMasking: false },
          config: {
            enumsAsTypes: true,
            scalars: { Count: 'number', Date: 'string', DateTime: 'string', ID: 'string', JSON: 'unknown' },
            useTypeImports: true,
          },
        },
      },
      silent: true,
    },
    true,
  );

if (process.argv[1] === import.meta.filename) await generate();
