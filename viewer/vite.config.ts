/** How the viewer is built: one page, hashed assets, Cornerstone3D only in chunks that are imported lazily. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { compressed } from './compressed';
import { firstPage } from './first_page';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: '/',
  plugins: [compressed()],
  resolve: {
    alias: {
      // vtk.js's XMLReader pulls xmlbuilder2, whose Node.js base classes do not exist in a browser: the bundle would
      // crash at load. Nothing here reads VTK's XML files.
      xmlbuilder2: here('./src/reading/xmlbuilder2_stub.ts'),
    },
  },
  worker: { format: 'es' },
  optimizeDeps: { include: ['@cornerstonejs/codec-openjph/wasmjs'] },
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }, // every browser that runs this knows it
    rolldownOptions: {
      output: {
        // What the first page needs is one file: each further one costs its head, and what it repeats.
        codeSplitting: { groups: [{ name: firstPage(here('./src/app/main.tsx')) }] },
      },
    },
    // The reading room (Cornerstone3D, vtk.js) is large on purpose and loaded after the first image.
    chunkSizeWarningLimit: 6000,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/dicom-web', '/health', '/ready'].map((path) => [path, process.env['FILMLESS_URL'] ?? 'http://127.0.0.1:8080']),
    ),
  },
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
    testTimeout: 30_000, // a busy machine is slow, not wrong
    environment: 'node',
  },
});
