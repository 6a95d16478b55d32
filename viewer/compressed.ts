/** Compresses what was built once, as well as it goes (RFC 7932, RFC 1952): the server then gives these bytes as they are. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const WORTH_IT = /\.(js|css|wasm|svg|json)$/;
const MADE = /\.(br|gz)$/;
/** Below this a header field more costs what is saved. */
const SMALLEST = 512;

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

async function compress(path: string): Promise<void> {
  const body = await readFile(path);
  if (body.length <= SMALLEST) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  await Promise.all([
    brotli(body, { params }).then((made) => writeFile(`${path}.br`, made)),
    gzipped(body, { level: 9 }).then((made) => writeFile(`${path}.gz`, made)),
  ]);
}

/** Writes `NAME.br` and `NAME.gz` beside each built file that shrinks. */
export function compressed(): Plugin {
  let folder = 'dist';
  return {
    name: 'filmless:compressed',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const files = await readdir(folder, { recursive: true });
      await Promise.all(files.filter((name) => MADE.test(name)).map((name) => rm(join(folder, name), { force: true })));
      await Promise.all(files.filter((name) => WORTH_IT.test(name)).map((name) => compress(join(folder, name))));
    },
  };
}
