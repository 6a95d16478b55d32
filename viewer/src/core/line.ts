/** How fast the line to the server is, as far as it was seen: on a fast one pixels come sooner as they are than compressed. */

/** HTJ2K about halves the bytes of a radiograph, and is decoded at some 50 MB/s in WebAssembly: below this it wins. */
const FAST_BYTES_PER_MS = 20_000;
/** The files of the page are small, so a line is still gaining speed when they are here. */
const FAST_AT_FIRST = 15_000;
/** Of less nothing can be told: it is here within one reading of the clock. */
const TELLING_BYTES = 32_768;
const REMEMBERED = 8;

/** Bytes of an answer, and the milliseconds from its first to its last. */
export interface Transfer {
  readonly bytes: number;
  readonly milliseconds: number;
}

const rate = ({ bytes, milliseconds }: Transfer): number => bytes / Math.max(milliseconds, 0.1);
const telling = ({ bytes }: Transfer): boolean => bytes >= TELLING_BYTES;

export class Line {
  private readonly latest: number[] = [];
  private readonly fastAtFirst: boolean;
  private held = false;

  /** @param first what the page itself was loaded with: a line that nobody has seen is slow */
  constructor(first: readonly Transfer[]) {
    this.fastAtFirst = Math.max(0, ...first.filter(telling).map(rate)) >= FAST_AT_FIRST;
  }

  /** A line that is not judged: for tests, and for whoever must have the one or the other. */
  static always(fast: boolean): Line {
    return new Line(fast ? [{ bytes: TELLING_BYTES, milliseconds: 0 }] : []).#held();
  }

  #held(): this {
    this.held = true;
    return this;
  }

  /** An image came; several at once share the line, so the fastest of the latest counts. */
  note(transfer: Transfer): void {
    if (this.held || !telling(transfer)) return;
    this.latest.push(rate(transfer));
    if (this.latest.length > REMEMBERED) this.latest.shift();
  }

  get isFast(): boolean {
    return this.latest.length === 0 ? this.fastAtFirst : Math.max(...this.latest) >= FAST_BYTES_PER_MS;
  }
}
