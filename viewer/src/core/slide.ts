/** A whole slide: one picture at several sizes, each in tiles (PS3.3 A.32.8, C.8.12.4, C.7.6.17). */
import { functionalGroup, items, number, text } from './attribute';
import type { DicomInstance, ImageReference } from './display_set';
import { imageReferences } from './display_sets';
import { spacing } from './geometry';
import { Tag } from './tag';

export interface Tile {
  readonly image: ImageReference;
  /** Its first pixel in the level, from 0. */
  readonly left: number;
  readonly top: number;
}

export interface SlideLevel {
  /** Of the whole picture at this size, in pixels. */
  readonly columns: number;
  readonly rows: number;
  readonly tileColumns: number;
  readonly tileRows: number;
  /** Millimetres from one column to the next; null: unknown. */
  readonly spacing: number | null;
  /** Tiles by `column/row` of the grid of tiles, where the tiles lie in one; else by their number. */
  readonly tiles: readonly Tile[];
}

/** A level has up to a million tiles; each is a few numbers. */
const MOST_TILES = 2 ** 20;

function position(instance: DicomInstance, frame: number): readonly [number, number] | null {
  const item = functionalGroup(instance, frame, '0048021A');
  const [left, top] = [item ? number(item, '0048021E') : null, item ? number(item, '0048021F') : null];
  return left === null || top === null ? null : [left - 1, top - 1];
}

function columnSpacing(instance: DicomInstance, columns: number): number | null {
  const { column, calibrated } = spacing(instance, 1);
  if (calibrated) return column;
  const width = number(instance, '00480001');
  return width !== null && width > 0 ? width / columns : null;
}

/** One level; null when the file does not say where its tiles lie. Of several optical paths or focal planes the first is taken. */
export function slideLevel(instance: DicomInstance): SlideLevel | null {
  const [columns, rows] = [number(instance, '00480006') ?? 0, number(instance, '00480007') ?? 0];
  const [tileColumns, tileRows] = [number(instance, Tag.Columns) ?? 0, number(instance, Tag.Rows) ?? 0];
  if (columns < 1 || rows < 1 || tileColumns < 1 || tileRows < 1) return null;
  const across = Math.ceil(columns / tileColumns);
  const inOnePlane = across * Math.ceil(rows / tileRows);
  const images = imageReferences(instance);
  if (images.length > MOST_TILES) return null;
  const stated = text(instance, '00209311');
  const full = stated === 'TILED_FULL' || (stated === '' && images.length === inOnePlane && position(instance, 1) === null);
  const seen = new Set<string>();
  const tiles = (full ? images.slice(0, inOnePlane) : images).flatMap((image, at): readonly Tile[] => {
    const place = full ? [(at % across) * tileColumns, Math.floor(at / across) * tileRows] as const : position(instance, image.frame);
    if (!place || seen.has(place.join('/'))) return [];
    seen.add(place.join('/'));
    return [{ image, left: place[0], top: place[1] }];
  });
  if (tiles.length === 0) return null;
  return { columns, rows, tileColumns, tileRows, spacing: columnSpacing(instance, columns), tiles };
}

/** The levels of a slide, the largest first. */
export function slideLevels(instances: readonly DicomInstance[]): readonly SlideLevel[] {
  return instances.flatMap((instance) => slideLevel(instance) ?? []).toSorted((one, other) => other.columns - one.columns);
}

/** Magnification of the objective that the largest level was scanned with; null: unknown. */
export function objectivePower(instances: readonly DicomInstance[]): number | null {
  for (const instance of instances) {
    const power = items(instance, '00480105').map((path) => number(path, '00480112')).find((found) => found !== null && found > 0);
    if (power !== undefined) return power ?? null;
  }
  return null;
}

/** What of the largest level is on screen. */
export interface SlideView {
  /** In pixels of the largest level. */
  readonly centre: readonly [number, number];
  /** Screen pixels of one of its pixels. */
  readonly scale: number;
}

interface Extent {
  readonly width: number;
  readonly height: number;
}

export function fittedView(largest: SlideLevel, screen: Extent): SlideView {
  return { centre: [largest.columns / 2, largest.rows / 2], scale: Math.min(screen.width / largest.columns, screen.height / largest.rows) };
}

/** The smallest level that is fine enough for the scale: its number. */
export function levelFor(levels: readonly SlideLevel[], scale: number): number {
  const [largest] = levels;
  if (!largest) return 0;
  const fine = levels.findLastIndex((level) => level.columns >= largest.columns * scale * 0.999);
  return Math.max(fine, 0);
}

/** Where a tile lies on the screen: left, top, width, height in its pixels. */
export function tilePlace(tile: Tile, level: SlideLevel, largest: SlideLevel, view: SlideView, screen: Extent): readonly [number, number, number, number] {
  const [x, y] = [(largest.columns / level.columns) * view.scale, (largest.rows / level.rows) * view.scale];
  const left = screen.width / 2 + tile.left * x - view.centre[0] * view.scale;
  const top = screen.height / 2 + tile.top * y - view.centre[1] * view.scale;
  return [left, top, level.tileColumns * x, level.tileRows * y];
}

/** The tiles of a level that are on the screen. */
export function tilesInSight(level: SlideLevel, largest: SlideLevel, view: SlideView, screen: Extent): readonly Tile[] {
  return level.tiles.filter((tile) => {
    const [left, top, width, height] = tilePlace(tile, level, largest, view, screen);
    return left < screen.width && top < screen.height && left + width > 0 && top + height > 0;
  });
}

/** Zoom about a point of the screen, which stays where it is. */
export function zoomedSlide(view: SlideView, factor: number, at: readonly [number, number], screen: Extent, least: number): SlideView {
  const scale = Math.min(Math.max(view.scale * factor, least), 16);
  const [dx, dy] = [at[0] - screen.width / 2, at[1] - screen.height / 2];
  return { scale, centre: [view.centre[0] + dx / view.scale - dx / scale, view.centre[1] + dy / view.scale - dy / scale] };
}
