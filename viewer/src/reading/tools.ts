/** The tools of a reading-room cell and which hand moves them. */
import type { Types } from '@cornerstonejs/core';
import { BaseTool, Enums, ToolGroupManager, addTool } from '@cornerstonejs/tools';
import type { Types as ToolTypes } from '@cornerstonejs/tools';
import type { Tool } from '../core/viewport';

/** What a hand on the image asks of the cell. */
export interface Hand {
  /** Drag for the window, in CSS pixels. */
  window(dx: number, dy: number): void;
  /** Drag of the picture, in CSS pixels. */
  pan(dx: number, dy: number): void;
  /** Magnify about a point of the cell. */
  zoom(factor: number, about: readonly [number, number]): void;
  scroll(images: number): void;
}

const hands = new WeakMap<Element, Hand>();

interface CanvasPoint {
  readonly canvas: Types.Point2;
}
interface DragDetail {
  readonly element: HTMLDivElement;
  readonly deltaPoints: CanvasPoint;
  readonly startPoints: CanvasPoint;
}
interface PinchDetail extends DragDetail {
  readonly currentPoints: CanvasPoint;
  readonly currentPointsList: readonly CanvasPoint[];
  /** Change of the distance between the fingers (averaged from their middle). */
  readonly deltaDistance: { readonly canvas: number };
}
interface WheelDetail {
  readonly element: HTMLDivElement;
  /** CSS pixels, whatever unit the wheel has. */
  readonly wheel: { readonly pixelY: number };
  readonly points: CanvasPoint;
}

class WindowTool extends BaseTool {
  static override toolName = 'FilmlessWindow';

  constructor(props: ToolTypes.PublicToolProps = {}) {
    super(props, { supportedInteractionTypes: ['Mouse', 'Touch'] });
  }

  mouseDragCallback(event: CustomEvent<DragDetail>): void {
    const { element, deltaPoints } = event.detail;
    hands.get(element)?.window(deltaPoints.canvas[0], deltaPoints.canvas[1]);
  }

  touchDragCallback(event: CustomEvent<DragDetail>): void {
    this.mouseDragCallback(event);
  }
}

/** CSS pixels of a drag that make one image. */
const DRAG_PER_IMAGE = 8;
/** Pixels of a wheel that make one image: one notch of a mouse, or several small steps of a trackpad. */
const WHEEL_PER_IMAGE = 60;

class ScrollTool extends BaseTool {
  static override toolName = 'FilmlessScroll';
  private travelled = 0;
  private wheeled = 0;

  constructor(props: ToolTypes.PublicToolProps = {}) {
    super(props, { supportedInteractionTypes: ['Mouse', 'Touch'] });
  }

  mouseWheelCallback(event: CustomEvent<WheelDetail>): void {
    const { element, wheel: { pixelY } } = event.detail;
    const magnified = Math.max(window.devicePixelRatio || 1, 1);
    if (Math.sign(pixelY) !== Math.sign(this.wheeled)) this.wheeled = 0;
    // Browsers shrink a notch when the page is magnified.
    this.wheeled += pixelY * magnified;
    const images = Math.trunc(this.wheeled / WHEEL_PER_IMAGE);
    if (images === 0) return;
    const notch = Math.abs(pixelY * magnified) >= WHEEL_PER_IMAGE;
    this.wheeled = notch ? 0 : this.wheeled - images * WHEEL_PER_IMAGE;
    hands.get(element)?.scroll(notch ? Math.sign(images) : images);
  }

  mouseDragCallback(event: CustomEvent<DragDetail>): void {
    this.travelled += event.detail.deltaPoints.canvas[1];
    const images = Math.trunc(this.travelled / DRAG_PER_IMAGE);
    if (images === 0) return;
    this.travelled -= images * DRAG_PER_IMAGE;
    hands.get(event.detail.element)?.scroll(images);
  }

  touchDragCallback(event: CustomEvent<DragDetail>): void {
    this.mouseDragCallback(event);
  }
}

class PanTool extends BaseTool {
  static override toolName = 'FilmlessPan';

  constructor(props: ToolTypes.PublicToolProps = {}) {
    super(props, { supportedInteractionTypes: ['Mouse', 'Touch'] });
  }

  mouseDragCallback(event: CustomEvent<DragDetail>): void {
    const { element, deltaPoints } = event.detail;
    hands.get(element)?.pan(deltaPoints.canvas[0], deltaPoints.canvas[1]);
  }

  touchDragCallback(event: CustomEvent<DragDetail>): void {
    this.mouseDragCallback(event);
  }
}

/** CSS pixels of a drag upwards that magnify by e. */
const DRAG_PER_E = 150;

class ZoomTool extends BaseTool {
  static override toolName = 'FilmlessZoom';

  constructor(props: ToolTypes.PublicToolProps = {}) {
    super(props, { supportedInteractionTypes: ['Mouse', 'Touch'] });
  }

  mouseDragCallback(event: CustomEvent<DragDetail>): void {
    const { element, deltaPoints, startPoints } = event.detail;
    hands.get(element)?.zoom(Math.exp(-deltaPoints.canvas[1] / DRAG_PER_E), startPoints.canvas);
  }

  touchDragCallback(event: CustomEvent<DragDetail>): void {
    this.mouseDragCallback(event);
  }
}

/** Pixels of a wheel with Ctrl, which is how a trackpad says that fingers spread, that magnify by e. */
const WHEEL_PER_E = 300;

/** Two fingers: their distance magnifies, their middle pans. */
class PinchTool extends BaseTool {
  static override toolName = 'FilmlessPinch';

  constructor(props: ToolTypes.PublicToolProps = {}) {
    super(props, { supportedInteractionTypes: ['Mouse', 'Touch'] });
  }

  mouseWheelCallback(event: CustomEvent<WheelDetail>): void {
    const { element, wheel, points } = event.detail;
    hands.get(element)?.zoom(Math.exp(-wheel.pixelY / WHEEL_PER_E), points.canvas);
  }

  touchDragCallback(event: CustomEvent<PinchDetail>): void {
    const { element, deltaPoints, currentPoints, currentPointsList, deltaDistance } = event.detail;
    const hand = hands.get(element);
    const [one, other] = currentPointsList;
    if (!hand || !one || !other) return;
    const apart = Math.hypot(one.canvas[0] - other.canvas[0], one.canvas[1] - other.canvas[1]);
    const before = apart - deltaDistance.canvas;
    hand.pan(deltaPoints.canvas[0], deltaPoints.canvas[1]);
    if (before > 0 && apart > 0) hand.zoom(apart / before, currentPoints.canvas);
  }
}

/** Which Cornerstone tool stands behind a tool of the seam; what draws on the image is our own layer's. */
const BEHIND: Readonly<Partial<Record<Tool, string>>> = {
  window: WindowTool.toolName,
  pan: PanTool.toolName,
  zoom: ZoomTool.toolName,
  scroll: ScrollTool.toolName,
};
const ALL = [WindowTool, ScrollTool, PinchTool, PanTool, ZoomTool];

/** Make the tools known to Cornerstone; once per page. */
export function registerTools(): void {
  for (const tool of ALL) addTool(tool);
}

const { MouseBindings, KeyboardBindings } = Enums;

/** What is bound whatever the tool of the primary button is: wheel scrolls, middle pans, right and pinch zoom. */
function bindings(primary: Tool, finger: Tool): Map<string, ToolTypes.IToolBinding[]> {
  const bound = new Map<string, ToolTypes.IToolBinding[]>([
    [ScrollTool.toolName, [{ mouseButton: MouseBindings.Wheel }]],
    [PanTool.toolName, [{ mouseButton: MouseBindings.Auxiliary }]],
    [ZoomTool.toolName, [{ mouseButton: MouseBindings.Secondary }]],
    [PinchTool.toolName, [{ numTouchPoints: 2 }, { mouseButton: MouseBindings.Wheel, modifierKey: KeyboardBindings.Ctrl }]],
  ]);
  const add = (tool: Tool, binding: ToolTypes.IToolBinding): void => {
    const name = BEHIND[tool];
    if (name !== undefined) bound.set(name, [...(bound.get(name) ?? []), binding]);
  };
  add(primary, { mouseButton: MouseBindings.Primary });
  add(finger, { numTouchPoints: 1 });
  return bound;
}

/** The tools of one cell. */
export class ToolBelt {
  private readonly group: NonNullable<ReturnType<typeof ToolGroupManager.createToolGroup>>;

  constructor(private readonly id: string, private readonly element: HTMLDivElement, hand: Hand) {
    hands.set(element, hand);
    const group = ToolGroupManager.createToolGroup(id);
    if (!group) throw new Error('The tool group exists already');
    this.group = group;
    for (const tool of ALL) group.addTool(tool.toolName);
  }

  /** The viewport takes the tools; again after the engine was replaced. */
  attach(viewportId: string, engineId: string): void {
    this.group.addViewport(viewportId, engineId);
  }

  /** @param finger the tool of one finger, where that is another one */
  use(tool: Tool, finger: Tool = tool): void {
    const bound = bindings(tool, finger);
    for (const { toolName: name } of ALL) {
      this.group.setToolDisabled(name);
      const wanted = bound.get(name);
      if (wanted) this.group.setToolActive(name, { bindings: wanted });
    }
  }

  destroy(): void {
    hands.delete(this.element);
    ToolGroupManager.destroyToolGroup(this.id);
  }
}
