/** Stands in for xmlbuilder2, which vtk.js imports for reading its own XML files and which cannot load in a browser. */
export function create(): never {
  throw new Error('VTK XML files are not supported');
}
export const convert = create;
