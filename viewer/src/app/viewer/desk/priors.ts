/** The other studies of the patient, and the one to compare with. */
import { signal } from '@preact/signals';

import { plain } from '../../../core/hanging/match';
import { readHistory, type Study } from '../../api';
import type { OpenStudy } from '../open_study';
import { isEarlier, samePatient } from '../patients';
import type { Desk } from './desk';
import { lt } from './texts';

/** No kind of image to compare with: documents and states. */
const NO_IMAGES = new Set(['SR', 'PR', 'KO', 'DOC', 'SEG', 'REG', 'RTSTRUCT', 'RTPLAN', 'RTDOSE']);

const words = (text: string): readonly string[] => plain(text).split(/[^a-z0-9]+/).filter((word) => word.length > 1);

/** How well an earlier study can be compared with this one; 0: not at all. */
export function comparability(current: Study, other: Study): number {
  const kinds = current.modalities.filter((one) => !NO_IMAGES.has(one));
  const common = kinds.filter((one) => other.modalities.includes(one)).length;
  if (common === 0 || !isEarlier(other, current)) return 0;
  const [mine, theirs] = [words(current.study_description), words(other.study_description)];
  return common + 3 * mine.filter((word) => theirs.includes(word)).length / Math.max(mine.length, 1);
}

/** Earlier studies that can be compared, the best first; of equals the latest. */
export function rankedPriors(current: Study, others: readonly Study[]): readonly Study[] {
  const latest = (one: Study, other: Study): number => (other.study_date + other.study_time).localeCompare(one.study_date + one.study_time);
  return others.filter((one) => comparability(current, one) > 0)
    .toSorted((one, other) => comparability(current, other) - comparability(current, one) || latest(one, other));
}

export class Priors {
  /** Every other study of the patient, the latest first; null until asked for. */
  readonly list = signal<readonly Study[] | null>(null);
  readonly failed = signal(false);
  #asking: Promise<readonly Study[]> | null = null;
  /** Studies whose name or sex is another. */
  #doubtful: ReadonlySet<string> = new Set();

  constructor(private readonly desk: Desk) {}

  get #current(): Study | null {
    return this.desk.workspace.studies[0]?.manifest.peek()?.study ?? null;
  }

  /** Ask the archive once; nobody without an ID has other studies. */
  read(): Promise<readonly Study[]> {
    this.#asking ??= this.#ask().catch((reason: unknown) => {
      this.#asking = null;
      throw reason;
    });
    return this.#asking;
  }

  async #ask(): Promise<readonly Study[]> {
    const current = this.#current;
    if (!current || current.patient_id === '') {
      this.list.value = [];
      return [];
    }
    try {
      const { studies } = await readHistory(current.study_instance_uid);
      // Another issuer, or another day of birth: another person. Other doubts are the reader's to judge, never paired unasked.
      const sure = studies.filter(({ study }) => samePatient(study, current));
      const others = sure.map(({ study }) => study);
      this.#doubtful = new Set(sure.filter(({ doubts }) => doubts.length > 0).map(({ study }) => study.study_instance_uid));
      this.failed.value = false;
      this.list.value = others;
      return others;
    } catch (reason) {
      this.failed.value = true;
      throw reason;
    }
  }

  /** Open the prior that is surely of the same region beside this study; nothing when there is none. */
  async pair(): Promise<OpenStudy | null> {
    const current = this.#current;
    if (!current) return null;
    try {
      const others = await this.read();
      const [best] = rankedPriors(current, others.filter((one) => !this.#doubtful.has(one.study_instance_uid)));
      if (!best) return null;
      const study = await this.desk.workspace.join(best.study_instance_uid);
      if (!study) return null;
      if (this.#sameRegion(study)) return study;
      this.desk.workspace.leave(study);
    } catch {
      // Reading goes on without it; the list of priors says that it failed.
    }
    return null;
  }

  /** Body parts that are stated on both sides have one in common. */
  #sameRegion(other: OpenStudy): boolean {
    const parts = (study: OpenStudy | undefined): readonly string[] => [...new Set((study?.manifest.peek()?.series ?? []).map((one) => one.body_part.toUpperCase()).filter(Boolean))];
    const [mine, theirs] = [parts(this.desk.workspace.studies[0]), parts(other)];
    return mine.length === 0 || theirs.length === 0 || mine.some((part) => theirs.includes(part));
  }

  /** Show a prior beside this study: the one given, else the best. A second time takes it away again. */
  async compare(chosen: Study | null = null): Promise<void> {
    const { workspace, hanging } = this.desk;
    workspace.arranged = true;
    try {
      const open = workspace.studies.slice(1);
      if (!chosen && open.length > 0) {
        for (const study of open) workspace.leave(study);
        await hanging.hang();
        return;
      }
      const current = this.#current;
      const prior = chosen ?? (current ? rankedPriors(current, await this.read())[0] : undefined);
      if (!prior) {
        this.desk.say(lt('priors.none_earlier'));
        return;
      }
      for (const study of open) if (study.uid !== prior.study_instance_uid) workspace.leave(study);
      const joined = await workspace.join(prior.study_instance_uid);
      if (joined) await this.#besides(joined);
      else if (!workspace.stranger.peek()) this.desk.say(lt('priors.refused'));
    } catch {
      this.desk.say(lt('priors.failed'));
    }
  }

  /** By the protocol for priors; a study that no protocol puts on the screen gets the second cell. */
  async #besides(study: OpenStudy): Promise<void> {
    const { workspace, hanging } = this.desk;
    await hanging.hang();
    if (workspace.shownCells.peek().some((cell) => cell.subject.peek()?.study === study)) return;
    if (workspace.shownCells.peek().length < 2) workspace.setGrid('1x2');
    const [, second] = workspace.cells;
    const series = study.manifest.peek()?.series.find(({ representative }) => representative !== null);
    if (second && series) void second.open({ study, series, part: 0 });
  }
}
