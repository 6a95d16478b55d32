/** One image as it is handed to Cornerstone3D: display values, ready, with a window that changes nothing. */
import { Enums, utilities } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import type { ImagePlane } from './plane';

/** Display values 0–255: one a pixel, or red, green, blue. */
export interface Picture {
  readonly columns: number;
  readonly rows: number;
  readonly components: 1 | 3;
  readonly pixels: Uint8Array;
}

/**
 * Cornerstone3D's own modality, VOI and inversion steps differ from the standard in many cases, so it is given the values
 * that shall be on the screen: 8 bits, MONOCHROME2 or RGB, window 0–255. That is exact on its GPU and its CPU path.
 */
export function cornerstoneImage(imageId: string, picture: Picture, plane: ImagePlane): Types.IImage {
  const { columns, rows, components, pixels } = picture;
  return {
    imageId,
    rows, columns, height: rows, width: columns,
    numberOfComponents: components,
    color: components === 3,
    rgba: false,
    photometricInterpretation: photometric(picture),
    minPixelValue: 0, maxPixelValue: 255,
    slope: 1, intercept: 0,
    windowCenter: 128, windowWidth: 256,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    invert: false,
    columnPixelSpacing: plane.columnSpacing,
    rowPixelSpacing: plane.rowSpacing,
    sizeInBytes: pixels.byteLength,
    dataType: 'Uint8Array',
    getPixelData: () => pixels,
    voxelManager: utilities.VoxelManager.createImageVoxelManager({ scalarData: pixels, width: columns, height: rows, numberOfComponents: components }),
    imageFrame: {} as Types.IImageFrame,
  } as Omit<Types.IImage, 'getCanvas'> as Types.IImage;
}

function photometric(picture: Picture): string {
  return picture.components === 3 ? 'RGB' : 'MONOCHROME2';
}

/** The metadata Cornerstone3D asks its provider for, of the picture as handed over. */
export function cornerstoneMetadata(type: string, picture: Picture, plane: ImagePlane, frameOfReference: string): unknown {
  switch (type) {
    case 'imagePlaneModule':
      return {
        rows: picture.rows,
        columns: picture.columns,
        rowCosines: plane.alongRow,
        columnCosines: plane.alongColumn,
        imagePositionPatient: plane.origin,
        imageOrientationPatient: [...plane.alongRow, ...plane.alongColumn],
        columnPixelSpacing: plane.columnSpacing,
        rowPixelSpacing: plane.rowSpacing,
        pixelSpacing: [plane.rowSpacing, plane.columnSpacing],
        frameOfReferenceUID: frameOfReference,
        usingDefaultValues: false,
      };
    case 'imagePixelModule':
      return {
        pixelRepresentation: 0, bitsAllocated: 8, bitsStored: 8, highBit: 7,
        samplesPerPixel: picture.components, photometricInterpretation: photometric(picture),
      };
    case 'generalSeriesModule':
      // No modality: Cornerstone treats some (PT) with rules of its own.
      return { modality: 'OT' };
    default:
      return undefined;
  }
}
