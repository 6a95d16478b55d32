/** The reading room: the tier of radiologists, on Cornerstone3D. Import it lazily, after the first image is on the screen. */
import type { FrameSource } from '../core/frame';
import type { Viewport, ViewportFactory } from '../core/viewport';
import { DrawingBook } from '../drawing/book';
import { Engine, type Renderer } from './engine';
import { ReadingViewport } from './reading_viewport';

export interface ReadingOptions {
  /** Shared with the other tier, so that what one fetched the other has. */
  readonly frames: FrameSource;
  /** Shared with the other tier, so that what is drawn in one is in the other. */
  readonly drawings?: DrawingBook;
  /** `cpu` draws without WebGL; by default the GPU is used where there is one. */
  readonly renderer?: Renderer;
}

/** All cells of one factory share a rendering engine; it goes when the last of them is destroyed. */
export function createReadingFactory(options: ReadingOptions): ViewportFactory {
  const drawings = options.drawings ?? new DrawingBook();
  let engine: Engine | null = null;
  let cells = 0;
  return {
    tier: 'reading',
    create(element: HTMLElement): Promise<Viewport> {
      engine ??= new Engine(options.renderer ?? 'auto');
      cells += 1;
      const viewport = new ReadingViewport(element, engine, options.frames, drawings, () => {
        cells -= 1;
        if (cells > 0) return;
        engine?.destroy();
        engine = null;
      });
      return Promise.resolve(viewport);
    },
  };
}
