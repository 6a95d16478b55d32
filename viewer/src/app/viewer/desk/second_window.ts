/** A second window for a second monitor: it shows more of the same studies and moves with the first one. No patient data passes between them. */
import { signal } from '@preact/signals';

import type { PatientPlane } from '../../../core/patient_space';
import type { Voi } from '../../../core/viewport';
import { goTo } from '../../location';
import type { Mark } from './crosshair';
import type { Desk, Switch } from './desk';
import { Lead } from './lead';
import { lt } from './texts';

export const WINDOW_PARAMETER = 'window';
const STORED_UNDER = 'filmless.second_window';
const SIZE = 'popup,width=1200,height=900';

/** What the reader does in a window, by which it leads. */
const ACTS = ['keydown', 'wheel', 'pointerdown'] as const;

type Message =
  | { readonly kind: 'hello' }
  | { readonly kind: 'lead' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'studies'; readonly uids: string }
  | { readonly kind: 'place'; readonly plane: PatientPlane }
  | { readonly kind: 'mark'; readonly mark: Mark }
  | { readonly kind: 'voi'; readonly modality: string; readonly voi: Voi }
  | { readonly kind: 'switch'; readonly name: Switch; readonly value: boolean };

/** On the channel: with the lead of the window that says it. */
type Posted = Message & { readonly order: number };

function remembered(): string | null {
  try {
    return sessionStorage.getItem(STORED_UNDER);
  } catch {
    return null; // storage is switched off: the window is known for this study only
  }
}

function remember(id: string): void {
  try {
    sessionStorage.setItem(STORED_UNDER, id);
  } catch {
    // As above.
  }
}

export class SecondWindow {
  /** In the second window: the first one has left its study, so nothing is shown. */
  readonly waiting = signal(false);
  /** 0 in the first window, 1 in the second. */
  readonly screen: 0 | 1;
  /** The other window has answered. */
  #answered = false;
  #id: string | null;
  #channel: BroadcastChannel | null = null;
  #popup: Window | null = null;
  readonly #lead: Lead;

  constructor(private readonly desk: Desk) {
    const own = desk.address.get(WINDOW_PARAMETER);
    this.screen = own === null ? 0 : 1;
    this.#id = own ?? remembered();
    this.#lead = new Lead(this.screen === 0);
  }

  get monitors(): number {
    return this.screen === 1 || this.#answered ? 2 : 1;
  }

  start(): void {
    if (this.#id !== null) this.#listen(this.#id);
    addEventListener('pagehide', this.#onLeave);
    for (const act of ACTS) addEventListener(act, this.#onAct, { capture: true, passive: true });
  }

  stop(): void {
    this.#onLeave();
    removeEventListener('pagehide', this.#onLeave);
    for (const act of ACTS) removeEventListener(act, this.#onAct, { capture: true });
    this.#channel?.close();
    this.#channel = null;
  }

  /** Open the second window, or bring it to the front. */
  open(): void {
    if (this.screen === 1) return;
    if (this.#popup && !this.#popup.closed) {
      this.#popup.focus();
      return;
    }
    const id = this.#id ?? crypto.randomUUID();
    this.#id = id;
    remember(id);
    if (!this.#channel) this.#listen(id);
    this.#popup = window.open(this.#addressOf(this.#uids, id), `filmless-${id}`, SIZE);
    this.desk.say(this.#popup ? lt('window.open') : lt('window.blocked'));
  }

  tellPlace(plane: PatientPlane): void {
    if (this.#lead.leads) this.#tell({ kind: 'place', plane });
  }

  tellMark(mark: Mark): void {
    this.#tell({ kind: 'mark', mark });
  }

  tellVoi(modality: string, voi: Voi): void {
    if (this.#lead.leads) this.#tell({ kind: 'voi', modality, voi });
  }

  tellSwitch(name: Switch, value: boolean): void {
    this.#tell({ kind: 'switch', name, value });
  }

  get #uids(): string {
    return this.desk.workspace.studies[0]?.uid ?? '';
  }

  #addressOf(uids: string, id: string): string {
    const tier = this.desk.address.get('tier');
    return `/viewer?${new URLSearchParams({ StudyInstanceUIDs: uids, [WINDOW_PARAMETER]: id, ...(tier ? { tier } : {}) }).toString()}`;
  }

  #listen(id: string): void {
    const channel = new BroadcastChannel(`filmless-${id}`);
    channel.onmessage = (event: MessageEvent<Posted>) => this.#hear(event.data);
    this.#channel = channel;
    this.#tell(this.screen === 1 ? { kind: 'hello' } : { kind: 'studies', uids: this.#uids });
  }

  #tell(message: Message): void {
    this.#channel?.postMessage({ ...message, order: this.#lead.order } satisfies Posted);
  }

  readonly #onAct = (): void => {
    if (this.#lead.take()) this.#tell({ kind: 'lead' });
  };

  readonly #onLeave = (): void => {
    if (this.screen === 0) this.#tell({ kind: 'closed' });
  };

  #hear(message: Posted): void {
    const { workspace, linkedScroll, crosshair, switches } = this.desk;
    const newer = this.#lead.hear(message.order);
    switch (message.kind) {
      case 'lead': break;
      case 'hello':
        this.#answered = true;
        this.#lead.begin();
        if (this.screen === 0) this.#tell({ kind: 'studies', uids: this.#uids });
        break;
      case 'studies':
        this.#lead.begin();
        this.#follow(message.uids);
        break;
      case 'closed':
        if (this.screen === 0) break;
        // The first window may open another patient next: nothing of this one stays here.
        this.waiting.value = true;
        for (const cell of workspace.cells) cell.clear();
        break;
      case 'place': if (newer) linkedScroll.followPlace(message.plane); break;
      case 'mark': crosshair.show(message.mark); break;
      case 'voi': if (newer) this.desk.linkedWindow.followVoi(message.modality, message.voi); break;
      case 'switch': switches[message.name].value = message.value; break;
    }
  }

  /** The second window goes where the first one is. */
  #follow(uids: string): void {
    if (this.screen === 0 || this.#id === null) return;
    if (uids !== this.#uids) goTo(this.#addressOf(uids, this.#id), { replace: true });
    else if (this.waiting.peek()) {
      this.waiting.value = false;
      void this.desk.hanging.hang();
    }
  }
}
