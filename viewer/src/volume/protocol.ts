/** Messages between the page and the worker that holds a volume. */
import type { CurveRequest } from '../core/volume/curve';
import type { GrayscaleParameters, RawPixels } from '../core/grayscale';
import type { VolumeGrid } from '../core/volume/grid';
import type { PlaneRequest } from '../core/volume/resample';
import type { TextureSize } from '../core/volume/texture';

export type VolumeMessage =
  | { readonly kind: 'open'; readonly grid: VolumeGrid; readonly mostBytes: number }
  | { readonly kind: 'slice'; readonly slot: number; readonly pixels: RawPixels; readonly parameters: GrayscaleParameters }
  | { readonly kind: 'lost'; readonly slot: number }
  | { readonly kind: 'plane'; readonly id: number; readonly request: PlaneRequest }
  | { readonly kind: 'curve'; readonly id: number; readonly request: CurveRequest }
  | { readonly kind: 'texture'; readonly id: number; readonly longest: number };

/** The values of a plane or of a volume made smaller. */
export interface ValuesAnswer {
  readonly kind: 'values';
  readonly id: number;
  readonly values: Float32Array<ArrayBuffer>;
  readonly size: TextureSize;
}

export type VolumeAnswer =
  | ValuesAnswer
  | { readonly kind: 'failed'; readonly id: number }
  /** Values need more memory than there may be. */
  | { readonly kind: 'too_large' };
