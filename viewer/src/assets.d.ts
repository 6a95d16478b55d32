/** Types of files that the bundler turns into addresses or modules. */
declare module '@cornerstonejs/codec-openjph/wasm?url' {
  const url: string;
  export default url;
}
