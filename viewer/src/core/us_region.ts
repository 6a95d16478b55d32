/** The regions of an ultrasound image: what a pixel measures in each, and where nothing can be measured (PS3.3 C.8.5.5). */
import { items, number } from './attribute';
import type { DicomInstance } from './display_set';
import type { Point } from './geometry';
import { Tag } from './tag';

/** Region Spatial Format: tissue or flow in two dimensions (C.8.5.5.1.1); 0 says nothing. */
const PLANES: readonly number[] = [0, 1];
/** Physical Units: centimetres (C.8.5.5.1.15). */
const CENTIMETRE = 3;
const REGION_SPATIAL_FORMAT = '00186012';

export interface UltrasoundRegion {
  /** The corners in image coordinates, (0,0) the outer corner of the first pixel: the far edges of its first and last pixel. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** It goes before others where they overlap (Region Flags, bit 0; C.8.5.5.1.3). */
  readonly highPriority: boolean;
  /** Millimetres of a pixel; null: its axes are not both lengths (time, velocity …), or say nothing. */
  readonly spacing: { readonly row: number; readonly column: number } | null;
  /** It ends outside of the image: that was made smaller since, so nothing can be measured by the header. */
  readonly beyondImage: boolean;
}

/** Why points of an ultrasound image give no length. */
export type RegionRefusal = 'outside' | 'across' | 'not_spatial' | 'beyond_image';

function spacingOf(region: DicomInstance): UltrasoundRegion['spacing'] {
  const plane = PLANES.includes(number(region, REGION_SPATIAL_FORMAT) ?? 0);
  const lengths = [Tag.PhysicalUnitsXDirection, Tag.PhysicalUnitsYDirection].every((tag) => number(region, tag) === CENTIMETRE);
  const [x, y] = [Math.abs(number(region, Tag.PhysicalDeltaX) ?? 0), Math.abs(number(region, Tag.PhysicalDeltaY) ?? 0)];
  return plane && lengths && x > 0 && y > 0 ? { row: y * 10, column: x * 10 } : null;
}

/** The regions of an image; one without a place in it is left out. */
export function ultrasoundRegions(instance: DicomInstance): readonly UltrasoundRegion[] {
  const [rows, columns] = [Tag.Rows, Tag.Columns].map((tag) => number(instance, tag) ?? Number.POSITIVE_INFINITY) as [number, number];
  return items(instance, Tag.SequenceOfUltrasoundRegions).flatMap((region) => {
    const [x0, y0] = [number(region, Tag.RegionLocationMinX0), number(region, Tag.RegionLocationMinY0)];
    const [x1, y1] = [number(region, Tag.RegionLocationMaxX1), number(region, Tag.RegionLocationMaxY1)];
    if (x0 === null || y0 === null || x1 === null || y1 === null || x1 < x0 || y1 < y0) return [];
    return [{
      left: x0, top: y0, right: x1 + 1, bottom: y1 + 1,
      highPriority: ((number(region, Tag.RegionFlags) ?? 0) & 1) === 0,
      spacing: spacingOf(region),
      beyondImage: x1 > columns || y1 > rows, // some machines count the last pixel from 1
    }];
  });
}

function holds(region: UltrasoundRegion, [x, y]: Point): boolean {
  return x >= region.left && x <= region.right && y >= region.top && y <= region.bottom;
}

/** The region a point of the image lies in; null when in none. */
export function regionAt(regions: readonly UltrasoundRegion[], point: Point): UltrasoundRegion | null {
  const holding = regions.filter((region) => holds(region, point));
  return holding.find(({ highPriority }) => highPriority) ?? holding[0] ?? null;
}

function sameMeasure(one: UltrasoundRegion, other: UltrasoundRegion): boolean {
  return one.spacing?.row === other.spacing?.row && one.spacing?.column === other.spacing?.column;
}

/** Whether a region has a part in the box around the points; sharing an edge is not enough. */
function reachesInto(region: UltrasoundRegion, points: readonly Point[]): boolean {
  const columns = points.map(([x]) => x);
  const rows = points.map(([, y]) => y);
  return region.left < Math.max(...columns) && region.right > Math.min(...columns)
    && region.top < Math.max(...rows) && region.bottom > Math.min(...rows);
}

/**
 * The one region in which a measurement through these points lies: it holds them all, and no other one that measures
 * differently and does not give way to it reaches in between. Else why there is none.
 */
export function measuredRegion(regions: readonly UltrasoundRegion[], points: readonly Point[]): UltrasoundRegion | RegionRefusal {
  const holding = regions.filter((region) => points.every((point) => holds(region, point)));
  const region = holding.find(({ highPriority }) => highPriority) ?? holding[0];
  if (!region) return points.every((point) => regionAt(regions, point) !== null) ? 'across' : 'outside';
  const disturbs = (other: UltrasoundRegion): boolean => other !== region && !sameMeasure(other, region)
    && (other.highPriority || !region.highPriority) && reachesInto(other, points);
  if (regions.some(disturbs)) return 'across';
  if (region.beyondImage) return 'beyond_image';
  return region.spacing === null ? 'not_spatial' : region;
}
