/** Which protocol hangs a study, and which image goes to which cell of it. */
import type { Candidate, CellRule, Conditions, ImageRule, Protocol, Screen, Stage, StudyFacts } from './protocol';

const shares = (wanted: readonly string[], given: readonly string[]): boolean => wanted.some((one) => given.includes(one));

/** How many conditions hold (each of several modalities asked for together is one); null when one of them does not. */
function holding(when: Conditions, facts: StudyFacts): number | null {
  const checks: (boolean | null)[] = [
    when.modalities ? shares(when.modalities, facts.modalities) : null,
    ...(when.allModalities ?? []).map((one) => facts.modalities.includes(one)),
    when.bodyParts ? shares(when.bodyParts, facts.bodyParts) : null,
    when.laterality ? facts.lateralities.length > 0 && facts.lateralities.every((one) => one === when.laterality) : null,
    when.prior === undefined ? null : when.prior === facts.prior,
    when.monitors === undefined ? null : when.monitors <= facts.monitors,
  ];
  return checks.includes(false) ? null : checks.filter((one) => one === true).length;
}

/** The protocol with the most conditions that hold; of two alike the one that comes first, so a person's own before ours. */
export function chooseProtocol(protocols: readonly Protocol[], facts: StudyFacts): Protocol | null {
  let [best, most] = [null as Protocol | null, -1];
  for (const protocol of protocols) {
    const held = holding(protocol.when, facts);
    if (held !== null && held > most) [best, most] = [protocol, held];
  }
  return best;
}

/** Every protocol whose conditions hold, the best first. */
export function fittingProtocols(protocols: readonly Protocol[], facts: StudyFacts): readonly Protocol[] {
  return protocols.filter(({ when }) => holding(when, facts) !== null)
    .toSorted((one, other) => (holding(other.when, facts) ?? 0) - (holding(one.when, facts) ?? 0));
}

/** Unaccented and lower case, as words of rules are; đ is no accented d. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase();
}

function fits(rule: ImageRule, { prior, modality, laterality, view, description }: Candidate): boolean {
  return prior === (rule.prior ?? 0)
    && (!rule.modalities || rule.modalities.includes(modality))
    && (!rule.laterality || rule.laterality === laterality)
    && (!rule.views || rule.views.includes(view))
    && (!rule.words || rule.words.some((word) => description.includes(word)));
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.split(/[^a-z0-9]+/).filter((word) => word.length > 1));

/** How alike two images are in what they show; 0: not the same kind at all. */
export function likeness(one: Candidate, other: Candidate): number {
  if (one.modality !== other.modality) return 0;
  // Another side or view is another image, not a prior of this one.
  if (one.laterality !== '' && other.laterality !== '' && one.laterality !== other.laterality) return 0;
  if (one.view !== '' && other.view !== '' && one.view !== other.view) return 0;
  const [mine, theirs] = [wordsOf(one.description), wordsOf(other.description)];
  const common = [...mine].filter((word) => theirs.has(word)).length;
  const share = mine.size + theirs.size === 0 ? 0 : (2 * common) / (mine.size + theirs.size);
  const size = Math.min(one.images, other.images) / Math.max(one.images, other.images, 1);
  return 1 + share * 4 + size + (one.view !== '' && one.view === other.view ? 2 : 0);
}

/** The candidate of each cell, or null; none is given twice. */
export function assign(cells: readonly CellRule[], candidates: readonly Candidate[]): readonly (Candidate | null)[] {
  const given = new Set<Candidate>();
  const found: (Candidate | null)[] = cells.map(() => null);
  const take = (at: number, candidate: Candidate | undefined): void => {
    if (!candidate) return;
    given.add(candidate);
    found[at] = candidate;
  };
  const isOpen = (rule: CellRule): boolean => Object.keys(rule).every((name) => ['prior', 'right', 'bottom', 'align'].includes(name));
  // Those that ask for something first: what nobody asked for is for the others.
  for (const open of [false, true]) {
    cells.forEach((rule, at) => {
      if (rule.like === undefined && isOpen(rule) === open) take(at, candidates.find((one) => !given.has(one) && fits(rule, one)));
    });
  }
  // Words are what a person's layout would like best: another description of the same kind is better than nothing.
  cells.forEach((rule, at) => {
    if (found[at] !== null || !rule.words || rule.like !== undefined) return;
    take(at, candidates.find((one) => !given.has(one) && fits({ ...rule, words: [''] }, one)));
  });
  cells.forEach((rule, at) => {
    const model = rule.like === undefined ? null : found[rule.like];
    if (!model) return;
    const ranked = candidates.filter((one) => !given.has(one) && one.prior === (rule.prior ?? 1) && likeness(one, model) > 0)
      .toSorted((one, other) => likeness(other, model) - likeness(one, model));
    take(at, ranked[0]);
  });
  return found;
}

export function filledOf(screen: Screen, candidates: readonly Candidate[]): number {
  return assign(screen.cells, candidates).filter((one) => one !== null).length;
}

/** The stages of a protocol that show something, in their order. */
export function usableStages(protocol: Protocol, candidates: readonly Candidate[]): readonly Stage[] {
  return protocol.stages.filter((stage) => stage.screens[0] !== undefined && filledOf(stage.screens[0], candidates) > 0);
}

/** The first stage that its images fill as it asks; else the first that shows anything. */
export function firstStage(stages: readonly Stage[], candidates: readonly Candidate[]): Stage | null {
  return stages.find((stage) => stage.screens[0] && filledOf(stage.screens[0], candidates) >= stage.least) ?? stages[0] ?? null;
}
