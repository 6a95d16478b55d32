/** The desk: links between cells, hanging, priors and the second window of one open viewer. */
import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';

import type { Cell } from '../cell';
import type { Workspace } from '../workspace';
import { Crosshair } from './crosshair';
import { Hanging } from './hanging';
import { LinkedScroll } from './linked_scroll';
import { LinkedView } from './linked_view';
import { LinkedWindow } from './linked_window';
import { Priors } from './priors';
import { Scale } from './scale';
import { SecondWindow } from './second_window';
import { loadKeys } from './own_keys';

export interface DeskProps {
  readonly desk: Desk;
}

/** What the desk shows; given to it, so that the page need not load it. */
export interface DeskParts {
  readonly CellLayer: FunctionComponent<DeskProps & { readonly cell: Cell }>;
  readonly LayoutItems: FunctionComponent<DeskProps>;
  readonly Page: FunctionComponent<DeskProps>;
  readonly PriorList: FunctionComponent<DeskProps>;
}

export type Switch = 'linked' | 'viewLinked' | 'windowLinked' | 'lines' | 'crosshair';

export class Desk {
  readonly switches = {
    linked: signal(false),
    viewLinked: signal(false),
    windowLinked: signal(false),
    lines: signal(true),
    crosshair: signal(false),
  } as const satisfies Readonly<Record<Switch, unknown>>;
  /** What cannot be done and why, in words; null: nothing to say. */
  readonly notice = signal<string | null>(null);
  readonly crosshair: Crosshair;
  readonly linkedScroll: LinkedScroll;
  readonly hanging: Hanging;
  readonly priors: Priors;
  readonly scale: Scale;
  readonly secondWindow: SecondWindow;
  readonly linkedWindow: LinkedWindow;
  readonly linkedView: LinkedView;

  constructor(readonly workspace: Workspace, readonly address: URLSearchParams, readonly parts: DeskParts) {
    this.crosshair = new Crosshair(this);
    this.linkedScroll = new LinkedScroll(this);
    this.linkedWindow = new LinkedWindow(this);
    this.linkedView = new LinkedView(this);
    this.hanging = new Hanging(this);
    this.priors = new Priors(this);
    this.scale = new Scale(this);
    this.secondWindow = new SecondWindow(this);
  }

  start(): void {
    this.linkedScroll.start();
    this.linkedWindow.start();
    this.linkedView.start();
    this.secondWindow.start();
    void loadKeys();
    void this.hanging.start();
  }

  stop(): void {
    this.linkedScroll.stop();
    this.linkedWindow.stop();
    this.linkedView.stop();
    this.hanging.stop();
    this.secondWindow.stop();
  }

  toggle(name: Switch): void {
    const one = this.switches[name];
    one.value = !one.peek();
    this.secondWindow.tellSwitch(name, one.peek());
    if (name === 'crosshair' && !one.peek()) this.crosshair.clear();
  }

  say(notice: string): void {
    this.notice.value = notice;
  }
}
