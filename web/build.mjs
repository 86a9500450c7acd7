// Builds what the API serves into graph/static/ (or the folder named), and holds it to its budget.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'vite';

import { generate } from './generate.mjs';

const here = import.meta.dirname;
const out = resolve(process.argv[2] ?? join(here, '../graph/static'));
/** Bytes of gzip until something can be seen. */
const BUDGETS = { 'bell.js': 15_000, 'console.html': 250_000 };

const shared = { configFile: false, logLevel: 'warn', publicDir: false };
const target = {
  target: 'es2022',
  cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // they have light-dark()
};

/** Lit's templates carry the white space of their source; between tags and attributes one space does. */
const templates = {
  name: 'templates',
  transform: (code, id) => (id.includes('/web/bell/') ? code.replace(/\n\s+/g, '\n') : null),
};

async function bell() {
  await build({
    ...shared,
    plugins: [templates],
    build: {
      ...target,
      outDir: out,
      emptyOutDir: false,
      modulePreload: false,
      // Not Vite's mode for libraries, which leaves white space in.
      rolldownOptions: {
        input: join(here, 'bell/index.ts'),
        preserveEntrySignatures: 'strict',
        output: { format: 'es', entryFileNames: 'bell.js' },
      },
    },
  });
  await writeFile(join(out, 'bell.d.ts'), await readFile(join(here, 'bell/bell.d.ts')));
}

/** A page of its own, with files whose names tell their content. */
async function page(root, html) {
  await build({
    ...shared,
    root: join(here, root),
    build: {
      ...target,
      outDir: out,
      emptyOutDir: false,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 5_000,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: join(here, root, html),
        // "use client" and the like speak to React servers; there is none.
        onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
      },
    },
    worker: { format: 'es' },
  });
}

/** A file with all that it has to have first: a page's scripts and styles, a script's static imports. */
async function firstLoad(name, seen = new Set()) {
  if (seen.has(name)) return 0;
  seen.add(name);
  const content = await readFile(join(out, name));
  const NEEDED = /(?:src|href)="\/(assets\/[^"]+)"|(?:\bfrom|\bimport) ?"\.\/([^"]+\.js)"/g;
  let size = gzipSync(content, { level: 9 }).length;
  for (const [, ofPage, ofScript] of content.toString().matchAll(NEEDED)) {
    size += await firstLoad(ofPage ?? `assets/${ofScript}`, seen);
  }
  return size;
}

async function keepsBudgets() {
  let kept = true;
  for (const [name, budget] of Object.entries(BUDGETS)) {
    const size = await firstLoad(name);
    console.log(`${name}: ${size} B gzip, budget ${budget}`);
    kept &&= size <= budget;
  }
  return kept;
}

await generate();
await rm(out, { recursive: true, force: true });
await bell();
await page('pages', 'bell.html');
await page('pages', 'bell-react.html');
await page('explorer', 'explorer.html');
await page('console', 'console.html');
process.exitCode = (await keepsBudgets()) ? 0 : 1;
