/** Where the two renderers come from; they share what has been fetched and decoded. */
import type { ViewportFactory } from '../../core/viewport';
import { FrameLoader } from '../../decode/frame_loader';
import { DrawingBook } from '../../drawing/book';
import { createLiteFactory } from '../../lite';
import { query } from '../location';
import { session } from '../session';
import { lineOf, rendererOf } from './tiers';

let frames: FrameLoader | null = null;

/** What is drawn, in whichever renderer. */
export const drawings = new DrawingBook();

// Who signs in next sees nothing of what another person drew. A session that lapsed stays open and keeps it.
session.subscribe((who) => {
  if (who === null) drawings.clear();
});

/** The frames of all viewports of this page. */
export function sharedFrames(): FrameLoader {
  frames ??= new FrameLoader(lineOf(query.peek()));
  return frames;
}

export function liteFactory(query: URLSearchParams): ViewportFactory {
  const renderer = rendererOf(query);
  return createLiteFactory({ frames: sharedFrames(), drawings, renderer });
}

/** Cornerstone3D is large: it is fetched only now. */
export async function readingFactory(query: URLSearchParams): Promise<ViewportFactory> {
  const { createReadingFactory } = await import('../../reading');
  return createReadingFactory({ frames: sharedFrames(), drawings, renderer: rendererOf(query) === 'cpu' ? 'cpu' : 'auto' });
}
