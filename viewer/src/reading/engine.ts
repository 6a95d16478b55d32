/**
 * The one Cornerstone3D rendering engine that all cells of a reading room share: start-up, image loader, metadata
 * provider, and recovery when the browser takes the WebGL contexts away.
 */
import {
  Enums, RenderingEngine, StackViewport, cache, eventTarget, getRenderingEngine, getShouldUseCPURendering, imageLoader, init, metaData,
  setUseCPURendering, utilities,
} from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { init as initTools } from '@cornerstonejs/tools';
import { registerTools } from './tools';

/** Most cells on one screen (2×2); each of them draws in a WebGL context of its own. */
const CONTEXTS = 4;
/** Two losses within this time: the graphics driver is not to be trusted, and the processor draws from then on. */
const CONTEXT_LOSS_PATIENCE_MS = 60_000;

type WebGLContext = Pick<WebGL2RenderingContext, 'getExtension'>;

/** What is used of vtk.js's render window, which has no types. */
interface OffscreenWindow {
  getOpenGLRenderWindow(): { get3DContext(): WebGLContext };
}

export type Renderer = 'auto' | 'gpu' | 'cpu';

/** What a cell answers when Cornerstone asks for an image of its stack, or for its metadata. */
export interface Seat {
  image(uri: string): Types.IImage | null;
  metadata(type: string, uri: string): unknown;
  /** The engine was replaced (context lost): the cell has to take its place again. */
  reseat(): void;
  /** Cornerstone has resized: the cell has to see its image again as before. */
  refit(): void;
}

let started = false;
let seats: (Seat | null)[] = [];

/** The image loader of a seat. Cornerstone takes only letters in front of the part that seats share (`imageIdToURI`). */
function schemeOf(at: number): string {
  const letters = at.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)));
  return `filmless${letters}`;
}

/** The seat and the name in an image id; null for anything that is not ours. */
function parse(imageId: string): { seat: Seat; uri: string } | null {
  const colon = imageId.indexOf(':');
  const seat = seats.find((_, at) => schemeOf(at) === imageId.slice(0, colon));
  return seat ? { seat, uri: imageId.slice(colon + 1) } : null;
}

function load(imageId: string): { promise: Promise<Types.IImage> } {
  const found = parse(imageId);
  const image = found ? found.seat.image(found.uri) : null;
  return { promise: image ? Promise.resolve(image) : Promise.reject(new Error('This image is not at hand')) };
}

/** Cornerstone3D keeps its configuration, providers and tools in module state: set up once per page. */
function start(renderer: Renderer): void {
  if (started) return;
  started = true;
  init({ rendering: { webGlContextCount: CONTEXTS } } as Parameters<typeof init>[0]);
  if (renderer === 'cpu') setUseCPURendering(true, false);
  initTools();
  registerTools();
  metaData.addProvider((type: string, imageId: unknown) => {
    const found = typeof imageId === 'string' ? parse(imageId) : null;
    return found?.seat.metadata(type, found.uri);
  }, 10_000);
}

export class Engine {
  private readonly id = `filmless-${utilities.uuidv4()}`;
  private readonly contexts = new Set<WebGLContext>();
  private engine: RenderingEngine;
  private lostAt = Number.NEGATIVE_INFINITY;
  private recovering = false;

  constructor(renderer: Renderer) {
    start(renderer);
    this.engine = new RenderingEngine(this.id);
    eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, this.onContextLost);
  }

  /** A number for the cell: the scheme of its image ids, so that two cells may show one image with different windows. */
  take(seat: Seat): number {
    const free = seats.indexOf(null);
    const at = free >= 0 ? free : seats.length;
    seats[at] = seat;
    imageLoader.registerImageLoader(schemeOf(at), load);
    return at;
  }

  /** What Cornerstone calls an image of a seat. */
  imageId(at: number, uri: string): string {
    return `${schemeOf(at)}:${uri}`;
  }

  leave(at: number): void {
    seats = seats.map((seat, index) => (index === at ? null : seat));
  }

  /** Make the element a Cornerstone viewport. */
  enable(viewportId: string, element: HTMLDivElement): StackViewport {
    this.engine.enableElement({ viewportId, element, type: Enums.ViewportType.STACK, defaultOptions: { background: [0, 0, 0] } });
    const viewport = this.engine.getViewport(viewportId);
    if (!(viewport instanceof StackViewport)) throw new Error('Cornerstone did not give a stack viewport');
    return viewport;
  }

  disable(viewportId: string): void {
    if (!getRenderingEngine(this.id)) return;
    if (!getShouldUseCPURendering()) {
      const window = this.engine.getOffscreenMultiRenderWindow(viewportId) as OffscreenWindow;
      this.contexts.add(window.getOpenGLRenderWindow().get3DContext());
    }
    this.engine.disableElement(viewportId);
  }

  get engineId(): string {
    return this.id;
  }

  /** A cell has another size. Cornerstone then fits the images of all cells anew. */
  resize(): void {
    if (!getRenderingEngine(this.id)) return;
    this.engine.resize(true, false);
    for (const seat of seats) seat?.refit();
  }

  /** Cornerstone's own cache keeps nothing: decoded frames live in the core's, once. */
  forget(imageId: string): void {
    if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId, { force: true });
  }

  destroy(): void {
    eventTarget.removeEventListener(Enums.Events.WEBGL_CONTEXT_LOST, this.onContextLost);
    this.engine.destroy();
    // A browser has few contexts to give, and only takes them back when their canvas is collected.
    for (const context of this.contexts) context.getExtension('WEBGL_lose_context')?.loseContext();
    this.contexts.clear();
  }

  private readonly onContextLost = (event: Event): void => {
    const detail = (event as CustomEvent<{ renderingEngineId?: string }>).detail;
    if (detail.renderingEngineId !== this.id || this.recovering) return;
    this.recovering = true;
    const again = performance.now() - this.lostAt < CONTEXT_LOSS_PATIENCE_MS;
    this.lostAt = performance.now();
    // After the event: Cornerstone is still in the middle of its own handling.
    setTimeout(() => {
      this.recovering = false;
      if (!getRenderingEngine(this.id)) return;
      this.engine.destroy();
      if (again) setUseCPURendering(true, false);
      this.engine = new RenderingEngine(this.id);
      for (const seat of seats) seat?.reseat();
    }, 0);
  };
}
