/** The page's decode workers: requests go to the least busy one; one that hangs is replaced. */
import { FrameError } from '../core/frame';
import type { Answer, FrameRequest, Request } from './protocol';

/** A frame that is here must be decoded within this time (a 15 MB radiograph takes under two seconds on a slow phone). */
const DECODE_TIMEOUT_MS = 20_000;
/** The server must answer within this time; a long transfer on a thin link may take longer than that in all. */
const ANSWER_TIMEOUT_MS = 120_000;

export type PixelAnswer = Extract<Answer, { kind: 'grayscale' | 'colour' }>;
/** What is told before the image itself: a part of it, or how it came over the line. */
export type EarlyAnswer = Extract<Answer, { kind: 'partial' | 'transfer' }>;

interface Call {
  readonly resolve: (answer: PixelAnswer) => void;
  readonly reject: (reason: unknown) => void;
  readonly early: (answer: EarlyAnswer) => void;
  timer: ReturnType<typeof setTimeout>;
}

class Member {
  private worker: Worker;
  readonly calls = new Map<number, Call>();

  constructor(private readonly create: () => Worker) {
    this.worker = this.start();
  }

  request(message: FrameRequest, signal: AbortSignal, early: (answer: EarlyAnswer) => void): Promise<PixelAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.give(message.id, new FrameError('error.image.network')), ANSWER_TIMEOUT_MS);
      this.calls.set(message.id, { resolve, reject, early, timer });
      signal.addEventListener('abort', () => {
        if (!this.calls.has(message.id)) return;
        this.post({ kind: 'abort', id: message.id });
        this.give(message.id, new DOMException('aborted', 'AbortError'));
      }, { once: true });
      this.post(message);
    });
  }

  destroy(): void {
    this.worker.terminate();
    for (const id of [...this.calls.keys()]) this.give(id, new DOMException('destroyed', 'AbortError'));
  }

  private start(): Worker {
    const worker = this.create();
    worker.addEventListener('message', (event: MessageEvent<Answer>) => this.hear(event.data));
    worker.addEventListener('error', () => this.replace());
    return worker;
  }

  private post(message: Request): void {
    this.worker.postMessage(message);
  }

  private hear(answer: Answer): void {
    const call = this.calls.get(answer.id);
    if (!call) return;
    if (answer.kind === 'received') {
      clearTimeout(call.timer);
      call.timer = setTimeout(() => this.replace(), DECODE_TIMEOUT_MS);
    } else if (answer.kind === 'partial' || answer.kind === 'transfer') call.early(answer);
    else if (answer.kind === 'error') this.give(answer.id, new FrameError(answer.key));
    else {
      clearTimeout(call.timer);
      this.calls.delete(answer.id);
      call.resolve(answer);
    }
  }

  private give(id: number, reason: Error): void {
    const call = this.calls.get(id);
    if (!call) return;
    clearTimeout(call.timer);
    this.calls.delete(id);
    call.reject(reason);
  }

  /** The worker hangs or broke: what it had to do has failed, a new one takes its place. */
  private replace(): void {
    this.worker.terminate();
    this.worker = this.start();
    for (const id of [...this.calls.keys()]) this.give(id, new FrameError('error.image.decode'));
  }
}

export class WorkerPool {
  private readonly members: Member[] = [];
  private count = 0;

  constructor(private readonly most: number) {}

  /** @throws FrameError, or an AbortError */
  request(
    message: Omit<FrameRequest, 'kind' | 'id'>, signal: AbortSignal, early: (answer: EarlyAnswer) => void = () => undefined,
  ): Promise<PixelAnswer> {
    this.count += 1;
    return this.leastBusy().request({ kind: 'frame', id: this.count, ...message }, signal, early);
  }

  destroy(): void {
    for (const member of this.members.splice(0)) member.destroy();
  }

  /** Start the first worker before there is work for it: its script comes while the server still draws the preview. */
  warm(): void {
    if (this.members.length === 0) this.hire();
  }

  /** Workers start when there is work for them. */
  private leastBusy(): Member {
    const idle = this.members.find((member) => member.calls.size === 0);
    if (idle) return idle;
    if (this.members.length < this.most) return this.hire();
    return this.members.reduce((one, other) => (other.calls.size < one.calls.size ? other : one));
  }

  private hire(): Member {
    const member = new Member(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'decode' }));
    this.members.push(member);
    return member;
  }
}
