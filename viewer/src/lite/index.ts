/** The Lite tier: the viewer's own renderer, small enough to be there before anything else. */
import type { FrameSource } from '../core/frame';
import type { Viewport, ViewportFactory } from '../core/viewport';
import { DrawingBook } from '../drawing/book';
import { LiteViewport } from './lite_viewport';

export interface LiteOptions {
  /** Shared with the other tier, so that what one fetched the other has. */
  readonly frames: FrameSource;
  /** Shared with the other tier, so that what is drawn in one is in the other. */
  readonly drawings?: DrawingBook;
  /** `cpu` draws on a 2D canvas; by default WebGL2 is used where there is one. */
  readonly renderer?: 'auto' | 'gpu' | 'cpu';
}

export function createLiteFactory(options: LiteOptions): ViewportFactory {
  const drawings = options.drawings ?? new DrawingBook();
  return {
    tier: 'lite',
    create(element: HTMLElement): Promise<Viewport> {
      return Promise.resolve(new LiteViewport(element, options.frames, options.renderer === 'cpu', drawings));
    },
  };
}
