/** Hanging: which image stands where and how, by the protocol that fits the study. */
import { computed, signal } from '@preact/signals';

import { BUILT_IN } from '../../../core/hanging/built_in';
import { assign, chooseProtocol, firstStage, fittingProtocols, usableStages } from '../../../core/hanging/match';
import { MOST_OWN, readProtocols } from '../../../core/hanging/own';
import type { CellRule, Protocol, Screen, Stage, StudyFacts } from '../../../core/hanging/protocol';
import type { Viewport } from '../../../core/viewport';
import type { Cell } from '../cell';
import { json, request } from '../../api';
import { gridOf, layoutOf } from '../layout';
import type { OpenStudy } from '../open_study';
import { wantedTier } from '../tiers';
import { keyOf } from '../workspace';
import { Arrangement } from './arrangement';
import { candidatesOf, type Hangable, ruleFor } from './candidates';
import type { Desk } from './desk';
import { applyLook, hasLook, type Kept, keptOf, lookOf } from './kept_look';
import { lt } from './texts';
import { type TextKeyOf } from '../../../i18n/catalogue';
import type { layoutsEn } from '../../../i18n/layouts_en';

const ADDRESS = '/api/preferences/hanging';

interface Hung {
  readonly protocol: Protocol;
  readonly stage: Stage;
  readonly stages: readonly Stage[];
}

/** What the first window has no cell for, in a grid like its own. */
function restOf({ rows, columns, cells }: Screen): Screen {
  return { rows, columns, cells: cells.map(() => ({})) };
}

/** What is read together is only hung so where it is together: the layout of a PET/CT is none for a CT. */
function isHybrid(modalities: readonly string[]): boolean {
  return modalities.some((one) => one === 'PT' || one === 'NM') && modalities.length > 1;
}

export function protocolName({ id, name }: Protocol): string {
  return name ?? lt(`protocol.${id}` as Extract<TextKeyOf<typeof layoutsEn>, `protocol.${string}`>);
}

export class Hanging {
  readonly hung = signal<Hung | null>(null);
  readonly own = signal<readonly Protocol[]>([]);
  /** The save dialog is open. */
  readonly saving = signal(false);
  readonly fitting = computed(() => {
    const [study] = this.desk.workspace.opened.value;
    return study ? fittingProtocols([...this.own.value, ...BUILT_IN], this.#facts(study, this.#prior(study))) : [];
  });
  #arrangement: Arrangement | null = null;
  /** What was hung where, by which rule. */
  #placed: readonly { readonly cell: Cell; readonly rule: CellRule; readonly key: string }[] = [];
  #order = 0;

  constructor(private readonly desk: Desk) {}

  /** Read the person's own protocols, then hang the study unless the address or the reader has arranged it. */
  async start(): Promise<void> {
    const { workspace, address } = this.desk;
    const asked = address.has('layout') || address.has('SeriesInstanceUID') || address.get('hanging') === 'none';
    const automatic = wantedTier(address) === 'reading' && !asked && workspace.studies.length === 1;
    try {
      this.own.value = readProtocols(await json<unknown>(ADDRESS));
    } catch {
      // Ours are enough to begin with.
    }
    if (!automatic || this.#isArranged()) return;
    await this.desk.priors.pair();
    if (!this.#isArranged()) await this.hang();
  }

  /** The reader was faster. */
  #isArranged(): boolean {
    return this.desk.workspace.arranged;
  }

  stop(): void {
    this.#order += 1;
    this.#arrangement?.stop();
  }

  #prior(study: OpenStudy): OpenStudy | null {
    const { workspace } = this.desk;
    return workspace.opened.value.find((other) => other !== study && workspace.isPrior(other) && workspace.isAdmitted(other)) ?? null;
  }

  #facts(study: OpenStudy, prior: OpenStudy | null): StudyFacts {
    const series = (study.manifest.value?.series ?? []).filter(({ representative }) => representative !== null);
    const several = (values: readonly string[]): readonly string[] => [...new Set(values.filter(Boolean))];
    return {
      modalities: several(series.map(({ modality }) => modality)),
      bodyParts: several(series.map(({ body_part: part }) => part.toUpperCase())),
      lateralities: several(series.map(({ laterality }) => laterality)),
      prior: prior !== null,
      monitors: this.desk.secondWindow.monitors,
    };
  }

  /** Hang the study by a protocol (by the best one when none is named), at its first stage that is filled or a given one. */
  async hang(protocol: Protocol | null = null, wanted: Stage | null = null): Promise<void> {
    const { workspace } = this.desk;
    const [study] = workspace.studies;
    if (!study?.manifest.peek()) return;
    const order = (this.#order += 1);
    const prior = this.#prior(study);
    const chosen = protocol ?? chooseProtocol([...this.own.peek(), ...BUILT_IN], this.#facts(study, prior));
    if (!chosen) return;
    let found: readonly (readonly Hangable[])[];
    try {
      found = await Promise.all([candidatesOf(study, 0), ...(prior ? [candidatesOf(prior, 1)] : [])]);
    } catch {
      return; // the cells themselves say that the headers cannot be read
    }
    const candidates = found.flat();
    const stages = usableStages(chosen, candidates);
    const stage = wanted ?? firstStage(stages, candidates);
    if (!stage || order !== this.#order) return;
    this.#show(stage, candidates);
    this.hung.value = { protocol: chosen, stage, stages };
  }

  /** As the reader chooses. */
  async choose(protocol: Protocol): Promise<void> {
    this.desk.workspace.arranged = true;
    await this.hang(protocol);
  }

  /** The next stage of the protocol, or the one before. */
  async step(by: 1 | -1): Promise<void> {
    const hung = this.hung.peek();
    this.desk.workspace.arranged = true;
    if (!hung) {
      await this.hang();
      return;
    }
    const at = hung.stages.indexOf(hung.stage);
    const next = hung.stages[(at + by + hung.stages.length) % hung.stages.length];
    if (next) await this.hang(hung.protocol, next);
  }

  #show(stage: Stage, candidates: readonly Hangable[]): void {
    const { workspace, switches } = this.desk;
    const [first] = stage.screens;
    if (!first) return;
    const second = this.desk.secondWindow.screen === 1;
    const screen = second ? stage.screens[1] ?? restOf(first) : first;
    const others = second && !stage.screens[1] ? assign(first.cells, candidates) : [];
    this.#arrangement?.stop();
    workspace.setGrid(layoutOf(screen));
    switches.linked.value = stage.linked ?? false;
    const given = assign(screen.cells, candidates.filter((one) => !others.includes(one))) as readonly (Hangable | null)[];
    const placed = given.flatMap((hangable, at) => {
      const [cell, rule] = [workspace.cells[at], screen.cells[at]];
      if (!cell || !rule) return [];
      if (!hangable) {
        cell.clear();
        return [];
      }
      const { subject, index } = hangable;
      const key = `${subject.series.series_instance_uid}#${subject.part}`;
      const there = keyOf(cell) === key && (index === undefined || cell.view.peek()?.index === index) && cell.state.peek() === 'ready';
      if (!there) void cell.open(subject, { index, arrange: (viewport) => this.#turn(viewport, rule) });
      else if (hasLook(rule) && cell.viewport) this.#turn(cell.viewport, rule);
      return [{ cell, rule, key }];
    });
    this.#placed = placed;
    workspace.active.value = 0;
    const stands = stage.sameScale === true || screen.cells.some((rule) => rule.align !== undefined || rule.right !== undefined);
    this.#arrangement = stands ? new Arrangement(placed, stage.sameScale ?? false) : null;
    this.#arrangement?.start();
  }

  #turn(viewport: Viewport, rule: CellRule): void {
    if (!applyLook(viewport, rule)) this.desk.say(lt('hanging.unknown_side'));
  }

  /** Keep what stands on the screen as a protocol of the person's own. */
  async save(name: string): Promise<void> {
    const protocol = this.#asProtocol(name);
    const others = this.own.peek().filter((one) => one.name !== name);
    if (others.length >= MOST_OWN) {
      this.desk.say(lt('hanging.too_many', { count: others.length }));
      return;
    }
    await this.#keep([protocol, ...others], lt('hanging.kept', { name }));
    this.hung.value = { protocol, stage: protocol.stages[0] ?? { screens: [], least: 0 }, stages: protocol.stages };
  }

  async remove(protocol: Protocol): Promise<void> {
    await this.#keep(this.own.peek().filter(({ id }) => id !== protocol.id), lt('hanging.removed', { name: protocol.name ?? '' }));
  }

  async #keep(protocols: readonly Protocol[], words: string): Promise<void> {
    try {
      await request(ADDRESS, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ protocols }) });
      this.own.value = protocols;
      this.desk.say(words);
    } catch {
      this.desk.say(lt('hanging.not_kept'));
    }
  }

  /** For which studies the layout on the screen would be kept. */
  get saveFor(): Pick<StudyFacts, 'modalities' | 'bodyParts' | 'prior'> {
    const [study] = this.desk.workspace.studies;
    return study ? this.#facts(study, this.#prior(study)) : { modalities: [], bodyParts: [], prior: false };
  }

  /** What would be kept of how the cells are seen. */
  get keeps(): Kept {
    return keptOf(this.desk.workspace.shownCells.peek());
  }

  /** The rule by which the image of a cell was hung; null when the reader has put it there. */
  #ruleOf(cell: Cell): CellRule | null {
    return this.#placed.find((one) => one.cell === cell && one.key === keyOf(cell))?.rule ?? null;
  }

  #asProtocol(name: string): Protocol {
    const { workspace, switches } = this.desk;
    const { modalities, bodyParts, prior } = this.saveFor;
    const shown = workspace.shownCells.peek();
    const cells = shown.map((cell): CellRule => {
      const subject = cell.subject.peek();
      if (!subject) return { modalities: [] }; // nothing fits: the cell stays empty
      const rule = ruleFor(cell.displaySet.peek(), cell.view.peek()?.index ?? 0, subject.series);
      return { ...(workspace.isPrior(subject.study) ? { prior: 1 } : {}), ...rule, ...lookOf(cell, this.#ruleOf(cell)) };
    });
    const sameScale = this.hung.peek()?.stage.sameScale === true && shown.every((cell) => cell.subject.peek() === null || this.#ruleOf(cell) !== null);
    return {
      id: `own-${crypto.randomUUID()}`, name,
      when: { ...(isHybrid(modalities) ? { allModalities: modalities } : { modalities }), ...(bodyParts.length > 0 ? { bodyParts } : {}), prior },
      stages: [{ screens: [{ ...gridOf(workspace.layout.peek()), cells }], least: 1, linked: switches.linked.peek(), ...(sameScale ? { sameScale } : {}) }],
    };
  }
}
