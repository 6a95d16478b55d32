/** How the memory that decoded images may take is shared: by the frames kept, the cells that fetch ahead, and volumes. */

const MEGABYTE = 2 ** 20;
/** More than this ahead of one cell is never scrolled through before it is wanted. */
const MOST_AHEAD = 96 * MEGABYTE;
/** Of the frames kept, what guesses may take: the rest is for what was seen. */
const PART_AHEAD = 0.75;
/** Frames are kept within this even when a volume takes the rest. */
const LEAST_FRAMES = 64 * MEGABYTE;

export class MemoryShare {
  private readonly ahead = new Set<object>();
  private readonly reserved = new Map<object, number>();

  /**
   * @param total bytes for all of it
   * @param changed told when there is less or more for frames
   */
  constructor(readonly total: number, private readonly changed: () => void = () => undefined) {}

  /** Bytes of decoded frames that may be kept. */
  get frames(): number {
    const taken = [...this.reserved.values()].reduce((sum, bytes) => sum + bytes, 0);
    return Math.max(this.total - taken, Math.min(this.total, LEAST_FRAMES));
  }

  /** Bytes that one cell may fetch ahead, as long as it does: sixteen cells get as much together as four. */
  aheadOf(cell: object): number {
    this.ahead.add(cell);
    return Math.min(MOST_AHEAD, (this.frames * PART_AHEAD) / this.ahead.size);
  }

  /** The cell fetches nothing ahead any more. */
  leave(cell: object): void {
    this.ahead.delete(cell);
  }

  /** A volume takes bytes of it; again: another number of them. */
  reserve(owner: object, bytes: number): void {
    this.reserved.set(owner, bytes);
    this.changed();
  }

  release(owner: object): void {
    this.reserved.delete(owner);
    this.changed();
  }
}
