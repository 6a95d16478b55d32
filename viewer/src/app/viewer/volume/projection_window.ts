/** The window of MIPs of MR: one of their own until the reader chooses another, kept apart from that of the planes. */
import { effect, signal } from '@preact/signals';

import { fitScale, UPRIGHT } from '../../../core/volume/planes';
import { middle } from '../../../core/volume/grid';
import { projectionWindow } from '../../../core/volume/projection';
import { plus, scaled, type Vector } from '../../../core/volume/vector';
import type { Voi } from '../../../core/viewport';
import type { Layer } from './layer';
import type { VolumeSession } from './session';

/** Pixels of the projection that is looked at, each way: enough to know how bright it is. */
const SIDE = 192;

/** Values of MR mean nothing by themselves: the window of its slices is none of its MIPs. HU and SUV keep theirs. */
function applies(layer: Layer): boolean {
  return layer.set.modality === 'MR';
}

const same = (one: Voi | null, other: Voi | null): boolean => one?.center === other?.center && one?.width === other?.width;

export class ProjectionWindow {
  /** Of the whole volume, for the 3D picture; null: as the planes are seen. */
  readonly whole = signal<Voi | null>(null);
  /** The window of what is not on the screen now: of the planes while a MIP is, else of the MIP. */
  private kept: Voi | null = null;
  private projected = false;
  /** What was put on the screen here; anything else is the reader's. */
  private put: Voi | null = null;
  private asked = 0;
  private stops: (() => void)[] = [];

  constructor(private readonly session: VolumeSession) {}

  start(): void {
    const { base, slab, thickness } = this.session;
    if (!base || !applies(base)) return;
    this.stops = [
      effect(() => {
        const [projected, millimetres] = [slab.value === 'maximum', thickness.value];
        if (base.complete) void this.follow(base, projected, millimetres);
      }),
      effect(() => {
        if (base.complete) void this.read(base, null).then((voi) => { this.whole.value = voi; });
      }),
    ];
  }

  stop(): void {
    this.asked += 1;
    for (const stop of this.stops) stop();
  }

  /** As it was opened. */
  forget(): void {
    [this.kept, this.put, this.projected] = [null, null, false];
  }

  /** What the 3D picture's MIP is seen through: its own window, until the reader has changed the one of the planes. */
  ofAll(layer: Layer): Voi | null {
    const voi = layer.voi.peek();
    const untouched = same(voi, layer.headerVoi) || same(voi, this.put);
    return layer === this.session.base && untouched ? this.whole.peek() ?? voi : voi;
  }

  private async follow(layer: Layer, projected: boolean, millimetres: number): Promise<void> {
    const order = (this.asked += 1);
    if (projected !== this.projected) {
      const now = layer.voi.peek();
      this.projected = projected;
      if (this.kept) layer.voi.value = this.kept;
      else if (!projected) layer.voi.value = layer.headerVoi;
      else this.put = now;
      this.kept = now;
    }
    // A window that the reader chose for the MIP stays, however thick it becomes.
    if (!projected || !same(layer.voi.peek(), this.put)) return;
    const voi = await this.read(layer, millimetres);
    if (order !== this.asked || !voi || !same(layer.voi.peek(), this.put)) return;
    this.put = voi;
    layer.voi.value = voi;
  }

  /** The window of an axial MIP as thick as asked through the crosshair; null: of the whole volume. */
  private async read({ client, grid }: Layer, millimetres: number | null): Promise<Voi | null> {
    const plane = UPRIGHT.axial;
    const scale = fitScale(grid, plane, SIDE, SIDE);
    const centre = millimetres === null ? middle(grid) : this.session.cross.peek();
    const corner = (along: Vector): Vector => scaled(along, (-SIDE / 2) * scale);
    const across = Math.max(...[grid.toColumn, grid.toRow, grid.toSlot].map((step, at) => Math.hypot(...step) * ([grid.columns, grid.rows, grid.slots][at] ?? 0)));
    try {
      const { values } = await client.plane({
        columns: SIDE, rows: SIDE, origin: plus(centre, plus(corner(plane.right), corner(plane.down))), toColumn: scaled(plane.right, scale),
        toRow: scaled(plane.down, scale), slab: 'maximum', thickness: millimetres ?? across * 2, normal: this.session.normalOf(plane),
      });
      return projectionWindow(values);
    } catch {
      return null; // the view was closed
    }
  }
}
