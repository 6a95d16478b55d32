/** A volume from the page's side: its slices are fetched and handed to the worker, planes are asked of it. */
import type { DisplaySet } from '../core/display_set';
import { FrameError, type FrameSource, type GrayscaleFrame } from '../core/frame';
import type { CurveRequest } from '../core/volume/curve';
import { volumeGrid, type VolumeGrid, type VolumeRefusal } from '../core/volume/grid';
import type { PlaneRequest } from '../core/volume/resample';
import { bytesNeeded } from '../core/volume/voxels';
import type { ValuesAnswer, VolumeAnswer, VolumeMessage } from './protocol';

const MEGABYTE = 2 ** 20;
/** Slices asked for at once; the frame queue has places of its own for what a person waits for. */
const AT_ONCE = 6;

/** An eighth of the machine's memory: browsers tell 8 GB at most, some nothing. */
export function memoryLimit(): number {
  const gigabytes = 'deviceMemory' in navigator && typeof navigator.deviceMemory === 'number' ? navigator.deviceMemory : 4;
  return gigabytes * 128 * MEGABYTE;
}

export interface LoadState {
  /** Slices that are there or known to be lost. */
  readonly done: number;
  readonly total: number;
  /** Slices that could not be had; they are shown as missing. */
  readonly lost: number;
  readonly refused: VolumeRefusal | null;
  /** What it would have taken, where that is why. */
  readonly megabytes?: number;
}

/** Why there is no volume, with the megabytes it would take when that is why. */
export interface Refused {
  readonly refusal: VolumeRefusal;
  readonly megabytes: number;
}

export class VolumeClient {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve: (answer: ValuesAnswer) => void; reject: (reason: unknown) => void }>();
  private readonly abort = new AbortController();
  private count = 0;
  private state: LoadState;

  private constructor(
    readonly set: DisplaySet,
    readonly grid: VolumeGrid,
    private readonly frames: FrameSource,
    private readonly changed: (state: LoadState) => void,
    mostBytes: number,
  ) {
    this.state = { done: 0, total: set.images.length, lost: 0, refused: null };
    this.worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'volume' });
    this.worker.addEventListener('message', (event: MessageEvent<VolumeAnswer>) => this.hear(event.data));
    this.worker.addEventListener('error', () => this.refuse());
    // Frames and volumes have one limit together.
    frames.memory?.reserve(this, bytesNeeded(grid.columns, grid.rows, grid.slots));
    this.post({ kind: 'open', grid, mostBytes });
  }

  /** Begin with a volume, or say why there is none; `changed` is told as slices arrive. */
  static open(set: DisplaySet, frames: FrameSource, changed: (state: LoadState) => void, mostBytes = memoryLimit()): VolumeClient | Refused {
    const grid = volumeGrid(set);
    if (typeof grid === 'string') return { refusal: grid, megabytes: 0 };
    const bytes = bytesNeeded(grid.columns, grid.rows, grid.slots);
    if (bytes > mostBytes) return { refusal: 'too_large', megabytes: Math.ceil(bytes / MEGABYTE) };
    return new VolumeClient(set, grid, frames, changed, mostBytes);
  }

  /** Fetch all slices, from the middle outwards. */
  async load(): Promise<void> {
    const { images } = this.set;
    const centre = (this.grid.slots - 1) / 2;
    const order = images.map((_, at) => at)
      .toSorted((one, other) => Math.abs((this.grid.slotOf[one] ?? 0) - centre) - Math.abs((this.grid.slotOf[other] ?? 0) - centre));
    const next = async (): Promise<void> => {
      for (let at = order.shift(); at !== undefined && !this.abort.signal.aborted; at = order.shift()) await this.fetch(at);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  /** The first frame that arrives: its header says how the values are shown. */
  onFrame: (frame: GrayscaleFrame) => void = () => undefined;

  /** A slice could not be had. */
  onLost: (reason: unknown) => void = () => undefined;

  private async fetch(at: number): Promise<void> {
    const [image, slot] = [this.set.images[at], this.grid.slotOf[at]];
    if (!image || slot === undefined) return;
    try {
      const frame = await this.frames.load(image, 'thumbnail', this.abort.signal);
      if (frame.kind !== 'grayscale') throw new FrameError('error.image.decode');
      this.post({ kind: 'slice', slot, pixels: frame.pixels, parameters: frame.parameters });
      this.onFrame(frame);
    } catch (reason) {
      if (this.abort.signal.aborted) return;
      this.onLost(reason);
      this.post({ kind: 'lost', slot });
      this.tell({ lost: this.state.lost + 1 });
    }
    this.tell({ done: this.state.done + 1 });
  }

  plane(request: PlaneRequest): Promise<ValuesAnswer> {
    return this.ask((id) => ({ kind: 'plane', id, request }));
  }

  curve(request: CurveRequest): Promise<ValuesAnswer> {
    return this.ask((id) => ({ kind: 'curve', id, request }));
  }

  /** The whole volume, no side longer than `longest`. */
  texture(longest: number): Promise<ValuesAnswer> {
    return this.ask((id) => ({ kind: 'texture', id, longest }));
  }

  destroy(): void {
    this.abort.abort();
    this.frames.memory?.release(this);
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(new DOMException('destroyed', 'AbortError'));
    this.waiting.clear();
  }

  private ask(message: (id: number) => VolumeMessage): Promise<ValuesAnswer> {
    const id = (this.count += 1);
    return new Promise((resolve, reject) => {
      if (this.abort.signal.aborted) {
        reject(new DOMException('destroyed', 'AbortError'));
        return;
      }
      this.waiting.set(id, { resolve, reject });
      this.post(message(id));
    });
  }

  private post(message: VolumeMessage): void {
    this.worker.postMessage(message);
  }

  private hear(answer: VolumeAnswer): void {
    if (answer.kind === 'too_large') {
      this.refuse();
      return;
    }
    const waiter = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (answer.kind === 'values') waiter?.resolve(answer);
    else waiter?.reject(new Error('no values'));
  }

  private refuse(): void {
    this.destroy();
    // Its values need four bytes each.
    this.tell({ refused: 'too_large', megabytes: Math.ceil((2 * bytesNeeded(this.grid.columns, this.grid.rows, this.grid.slots)) / MEGABYTE) });
  }

  private tell(news: Partial<LoadState>): void {
    this.state = { ...this.state, ...news };
    this.changed(this.state);
  }
}
