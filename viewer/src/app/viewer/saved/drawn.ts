/** Between a measurement on the screen and a drawing as it is saved. */
import { type Measurement, MEASUREMENT_KINDS, type MeasurementKind, POINT_COUNT } from '../../../core/measurement';
import { labelLines } from '../../../drawing/label';
import { formatDecimal } from '../../../i18n/dates';
import type { SavedDrawing, SavedValue } from './api';
import { idOf, uuidOf } from './identity';

/** Whether a drawing is finished, so that it can be saved. */
export function isComplete(one: Measurement): boolean {
  if (one.points.length < POINT_COUNT[one.kind]) return false;
  return one.kind !== 'text' || (one.text ?? '') !== '';
}

/** What has to be the same for two drawings to be the same: coordinates are saved in single precision (PS3.5 6.2, FL). */
export function keyOf({ kind, sopInstanceUid, frame, points, text }: Pick<Measurement, 'kind' | 'sopInstanceUid' | 'frame' | 'points' | 'text'>): string {
  return JSON.stringify([kind, sopInstanceUid, frame, points.map(([x, y]) => [Math.fround(x), Math.fround(y)]), text ?? '']);
}

function sized(name: string, value: number | undefined, calibrated: boolean, square = false): SavedValue {
  return { name, value: value ?? null, unit: `${calibrated ? 'mm' : 'px'}${square ? '2' : ''}` };
}

/** The numbers of a measurement, with their units. */
export function valuesOf(one: Measurement): readonly SavedValue[] {
  switch (one.kind) {
    case 'length': return [sized('length', one.length, one.calibrated)];
    case 'angle': return [{ name: 'angle', value: one.angle ?? null, unit: 'deg' }];
    case 'cobb': return [{ name: 'cobb_angle', value: one.angle ?? null, unit: 'deg' }];
    case 'bidirectional': return [sized('long_axis', one.length, one.calibrated), sized('short_axis', one.shortAxis, one.calibrated)];
    case 'probe': return [{ name: 'value', value: one.value ?? null, unit: one.unit }];
    case 'ellipse':
    case 'rectangle':
    case 'freehand': {
      const statistics = [['mean', one.mean], ['standard_deviation', one.standardDeviation], ['minimum', one.minimum], ['maximum', one.maximum]] as const;
      return [
        sized('area', one.area, one.calibrated, true),
        ...statistics.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value, unit: one.unit }])),
      ];
    }
    case 'arrow':
    case 'text': return [];
  }
}

/** A measurement as it is saved. */
export function toSaved(one: Measurement): SavedDrawing {
  const words = one.kind === 'arrow' || one.kind === 'text';
  return {
    id: uuidOf(one.id), kind: one.kind, sop_instance_uid: one.sopInstanceUid, frame: one.frame, points: one.points,
    text: one.text ?? '',
    label: words ? '' : labelLines(one, formatDecimal).join('\n').slice(0, 256),
    values: valuesOf(one),
    manual_spacing: one.manualSpacing ?? null,
  };
}

function isKind(kind: string): kind is MeasurementKind {
  return (MEASUREMENT_KINDS as readonly string[]).includes(kind);
}

function number(values: readonly SavedValue[], ...names: readonly string[]): number | undefined {
  return values.find(({ name }) => names.includes(name))?.value ?? undefined;
}

/** A saved drawing as it is put back: its numbers hold until its image is on a screen; null for shapes that nobody measures. */
export function fromSaved(one: SavedDrawing, id = idOf(one.id)): Measurement | null {
  const { kind, values } = one;
  if (!isKind(kind)) return null;
  const optional: Record<string, number | undefined> = {
    length: number(values, 'length', 'long_axis'), shortAxis: number(values, 'short_axis'),
    angle: number(values, 'angle', 'cobb_angle'), area: number(values, 'area'), mean: number(values, 'mean'),
    standardDeviation: number(values, 'standard_deviation'), minimum: number(values, 'minimum'),
    maximum: number(values, 'maximum'), value: number(values, 'value'),
  };
  const lengths = values.find(({ name }) => ['length', 'long_axis', 'area'].includes(name));
  const statistic = values.find(({ name }) => name === 'mean' || name === 'value');
  return {
    id, kind, sopInstanceUid: one.sop_instance_uid, frame: one.frame, points: one.points,
    ...(one.text === '' ? {} : { text: one.text }),
    calibrated: lengths?.unit.startsWith('mm') ?? false,
    calibration: one.manual_spacing ? 'manual' : 'none',
    ...(one.manual_spacing ? { manualSpacing: one.manual_spacing } : {}),
    unit: statistic?.unit ?? '',
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}
