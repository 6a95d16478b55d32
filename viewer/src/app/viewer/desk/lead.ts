/**
 * Which of two windows leads: the one the reader last acted in. The other follows and says nothing, so that what it was
 * told never comes back; and what a window said before the reader went on in the other one counts no more.
 */
export class Lead {
  /** Grows each time the lead is taken; carried by every message. */
  #own = 0;
  #theirs = 0;

  /** `first`: leads as long as the reader has acted in neither. */
  constructor(private readonly first: boolean) {}

  /** One of the windows has been loaded anew and knows of no lead. */
  begin(): void {
    [this.#own, this.#theirs] = [0, 0];
  }

  get order(): number {
    return this.#own;
  }

  get leads(): boolean {
    return this.first ? this.#own >= this.#theirs : this.#own > this.#theirs;
  }

  /** The reader acts in this window. True when it leads from now on: the other one has to be told. */
  take(): boolean {
    if (this.leads) return false;
    this.#own = this.#theirs + 1;
    return true;
  }

  /** A message of the other window; false when it is older than what the reader has done here. */
  hear(order: number): boolean {
    this.#theirs = Math.max(this.#theirs, order);
    return order >= this.#theirs && !this.leads;
  }
}
