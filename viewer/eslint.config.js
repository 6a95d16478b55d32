/** Lint rules: strict types, and the seams of the viewer (who may import what). */
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const cornerstone = {
  group: ['@cornerstonejs/core', '@cornerstonejs/core/*', '@cornerstonejs/tools', '@cornerstonejs/tools/*',
    '@cornerstonejs/metadata', '@cornerstonejs/utils', '@kitware/vtk.js', '@kitware/vtk.js/*'],
  message: 'Only src/reading knows Cornerstone3D.',
};
const outside = (...folders) => ({
  group: folders.map((folder) => `**/${folder}/*`),
  message: 'This folder is further out: src/core knows nobody, src/drawing the core, src/lite and src/reading both and decode.',
});
const domGlobals = ['window', 'document', 'navigator', 'localStorage', 'sessionStorage', 'HTMLElement', 'Element',
  'HTMLCanvasElement', 'Image', 'requestAnimationFrame', 'ResizeObserver', 'location', 'history'];

export default defineConfig(
  { ignores: ['dist', 'node_modules', 'eslint.config.js'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [cornerstone] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: ['error', 'always'],
      'no-console': ['error', { allow: ['warn', 'error'] }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Text for people comes from the catalogue (src/i18n), never from JSX.
    files: ['src/**/*.tsx'],
    rules: {
      'no-restricted-syntax': ['error',
        { selector: 'JSXText[value=/\\p{L}/u]', message: 'Text for people comes from src/i18n.' },
        {
          selector: 'JSXElement > JSXExpressionContainer > Literal[value=/\\p{L}/u]',
          message: 'Text for people comes from src/i18n.',
        },
        {
          selector: 'JSXAttribute[name.name=/^(title|alt|placeholder|aria-label)$/] > Literal[value=/\\p{L}/u]',
          message: 'Text for people comes from src/i18n.',
        }],
    },
  },
  {
    files: ['src/core/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error',
        { patterns: [cornerstone, outside('app', 'i18n', 'lite', 'reading', 'decode')] }],
      'no-restricted-globals': ['error', ...domGlobals.map((name) => ({ name, message: 'src/core knows no DOM.' }))],
    },
  },
  {
    files: ['src/drawing/**'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [cornerstone, outside('app', 'i18n', 'lite', 'reading')] }] },
  },
  {
    files: ['src/lite/**', 'src/decode/**'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [cornerstone, outside('app', 'i18n', 'reading')] }] },
  },
  {
    files: ['src/reading/**'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [outside('app', 'i18n', 'lite')] }] },
  },
);
