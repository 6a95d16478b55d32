/** What the volume view shows: the point in the patient, the planes through it, and what was measured there. */
import { batch, computed, effect, signal } from '@preact/signals';

import type { DisplaySet } from '../../../core/display_set';
import type { FrameSource } from '../../../core/frame';
import { finest, middle, stepAlong, type VolumeGrid } from '../../../core/volume/grid';
import { keepInside, normalOf, ontoPlane, type Plane, type PlaneName, type PlaneView, turnPlanes, UPRIGHT } from '../../../core/volume/planes';
import type { SlabMode } from '../../../core/volume/resample';
import { isIn, type SpatialLength, spatialLength } from '../../../core/volume/spatial_length';
import { plus, scaled, type Vector } from '../../../core/volume/vector';
import type { Refused } from '../../../volume/volume_client';
import { drawings } from '../factories';
import type { OpenStudy } from '../open_study';
import { Camera } from './camera';
import { CurvePath } from './curve_path';
import { Fusion } from './fusion';
import type { Part } from './part';
import { ProjectionWindow } from './projection_window';
import { Layer } from './layer';

export type VolumeTool = 'cross' | 'window' | 'pan' | 'zoom' | 'length' | 'curve';
export const VOLUME_TOOLS: readonly VolumeTool[] = ['cross', 'window', 'pan', 'zoom', 'length', 'curve'];
export const SLAB_MODES: readonly SlabMode[] = ['thin', 'maximum', 'minimum', 'average'];
export const THICKEST = 200;

const LARGEST_ZOOM = 40;
const SMALLEST_ZOOM = 0.25;

export class VolumeSession {
  readonly refused: Refused | null;
  readonly base: Layer | null;
  readonly cross = signal<Vector>([0, 0, 0]);
  readonly planes = signal(UPRIGHT);
  /** The point in the middle of each view. */
  readonly centres = signal<Readonly<Record<PlaneName, Vector>>>({ axial: [0, 0, 0], coronal: [0, 0, 0], sagittal: [0, 0, 0] });
  readonly zoom = signal(1);
  /** Millimetres of a pixel with which each view would show everything. */
  readonly fits = signal<Readonly<Record<PlaneName, number>>>({ axial: 0, coronal: 0, sagittal: 0 });
  readonly scale = computed(() => Math.max(...Object.values(this.fits.value)) / this.zoom.value);
  readonly slab = signal<SlabMode>('thin');
  readonly thickness = signal(10);
  readonly inverted = signal(false);
  readonly tool = signal<VolumeTool>('cross');
  readonly active = signal<PlaneName>('axial');
  /** Those of the study that are of this volume's frame of reference. */
  readonly lengths = computed<readonly SpatialLength[]>(() => {
    const { base, set } = this;
    return base ? this.study.lengths.value.filter((one) => isIn(one, base.grid, set)) : [];
  });
  /** The first end of a length whose second end is still to be set. */
  readonly pending = signal<Vector | null>(null);
  /** The value at the crosshair; NaN where there is none. */
  readonly crossValue = signal(Number.NaN);
  /** A second volume in colour over the first. */
  readonly fusion: Fusion;
  /** The second volume's value at the crosshair. */
  readonly fusedValue = signal(Number.NaN);
  readonly curve = new CurvePath();
  readonly camera = new Camera();
  /** What stands beside the planes. */
  readonly tab = signal<'facts' | 'render' | 'curve'>('facts');
  /** The keys are shown. */
  readonly helpShown = signal(false);
  /** What a MIP of values without a fixed meaning is seen through. */
  readonly projection: ProjectionWindow;
  /** Drawing coarsely while something is dragged. */
  readonly moving = signal(false);

  private readonly stops: (() => void)[] = [];

  constructor(
    readonly study: OpenStudy,
    readonly set: DisplaySet,
    readonly frames: FrameSource,
    /** Which of the slices of the series these are; null: all. */
    readonly part: Part | null = null,
  ) {
    const opened = Layer.open(set, frames);
    this.base = opened instanceof Layer ? opened : null;
    this.refused = opened instanceof Layer ? null : opened;
    this.fusion = new Fusion(study, set, frames, this.base?.grid.frameOfReferenceUid ?? '');
    this.projection = new ProjectionWindow(this);
    if (!this.base) return;
    this.home();
    this.projection.start();
    const { base, fusion } = this;
    this.stops.push(this.readCrossValue(() => base, this.crossValue), this.readCrossValue(() => fusion.layer.value, this.fusedValue));
  }

  /** The grid of the volume; only asked for where there is one. */
  get grid(): VolumeGrid {
    if (!this.base) throw new Error('There is no volume');
    return this.base.grid;
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.projection.stop();
    this.base?.destroy();
    this.fusion.clear();
  }

  /** The direction into the screen of a plane, of length 1. */
  normalOf(plane: Plane): Vector {
    return normalOf(plane);
  }

  private readCrossValue(layerOf: () => Layer | null, into: { value: number }): () => void {
    let asked = 0;
    return effect(() => {
      const origin = this.cross.value;
      const layer = layerOf();
      const order = (asked += 1);
      if (layer?.complete !== true) {
        into.value = Number.NaN;
        return;
      }
      void layer.client.plane({
        columns: 1, rows: 1, origin, toColumn: [1, 0, 0], toRow: [0, 1, 0], slab: 'thin', thickness: 0, normal: [0, 0, 1],
      }).then(({ values }) => {
        if (order === asked) into.value = values[0] ?? Number.NaN;
      }, () => undefined); // the view was closed
    });
  }

  private home(): void {
    const centre = middle(this.grid);
    batch(() => {
      this.cross.value = centre;
      this.centres.value = { axial: centre, coronal: centre, sagittal: centre };
      this.planes.value = UPRIGHT;
      this.zoom.value = 1;
    });
  }

  /** As it was opened; what was measured stays. */
  reset(): void {
    batch(() => {
      this.home();
      this.slab.value = 'thin';
      this.inverted.value = false;
      this.pending.value = null;
      if (this.base) this.base.voi.value = this.base.headerVoi;
      this.projection.forget();
    });
  }

  /** How a plane is seen on a canvas of a size; `coarseness` pixels of the screen are one of the picture. */
  viewOf(name: PlaneName, width: number, height: number, coarseness = 1): PlaneView {
    const plane = this.planes.value[name];
    return {
      plane, centre: ontoPlane(plane, this.cross.value, this.centres.value[name]), scale: this.scale.value * coarseness, width, height,
    };
  }

  moveCross(point: Vector): void {
    this.cross.value = keepInside(this.grid, point);
  }

  /** Through the volume by slices, as many millimetres as these lie apart in this direction. */
  scroll(name: PlaneName, steps: number): void {
    const normal = normalOf(this.planes.peek()[name]);
    this.moveCross(plus(this.cross.peek(), scaled(normal, steps * stepAlong(this.grid, normal))));
  }

  /** Move the crosshair on the plane, by whole voxels of the finest spacing. */
  nudge(name: PlaneName, right: number, down: number): void {
    const plane = this.planes.peek()[name];
    const step = finest(this.grid);
    this.moveCross(plus(this.cross.peek(), plus(scaled(plane.right, right * step), scaled(plane.down, down * step))));
  }

  turn(name: PlaneName, radians: number): void {
    this.planes.value = turnPlanes(this.planes.peek(), name, radians);
  }

  pan(name: PlaneName, right: number, down: number): void {
    const plane = this.planes.peek()[name];
    const by = plus(scaled(plane.right, -right), scaled(plane.down, -down));
    this.centres.value = { ...this.centres.peek(), [name]: plus(this.centres.peek()[name], by) };
  }

  zoomBy(factor: number): void {
    this.zoom.value = Math.min(LARGEST_ZOOM, Math.max(SMALLEST_ZOOM, this.zoom.peek() * factor));
  }

  setThickness(millimetres: number): void {
    if (Number.isFinite(millimetres)) this.thickness.value = Math.min(THICKEST, Math.max(0.1, millimetres));
  }

  /** Set an end of a length: the first, or the second of the one begun. Nothing is measured before all slices are there. */
  setEnd(point: Vector): void {
    if (!this.base?.complete) return;
    const from = this.pending.peek();
    if (!from) {
      this.pending.value = point;
      return;
    }
    this.pending.value = null;
    const length = spatialLength(drawings.begin(), this.grid, this.set, from, point);
    if (length.millimetres > 0) this.study.lengths.value = [...this.study.lengths.peek(), length];
  }

  removeLength(id: string): void {
    this.study.lengths.value = this.study.lengths.peek().filter((length) => length.id !== id);
  }
}
