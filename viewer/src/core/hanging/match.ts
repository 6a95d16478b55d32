/** Which protocol hangs a study, and which image goes to which cell of it. */
import type { Candidate, CellRule, Conditions, ImageRule, Protocol, Screen, Stage, StudyFacts } from './protocol';

const shares = (wanted: readonly string[], given: readonly string[]): boolean => wanted.some((one) => given.includes(one));

interface Weight {
  /** Of the study's modalities, how many the protocol speaks of. */
  readonly covered: number;
  /** How many conditions hold; each of several modalities asked for together is one. */
  readonly held: number;
}

/** How well a protocol is meant for a study; null when one of its conditions does not hold. */
function weighed(when: Conditions, facts: StudyFacts): Weight | null {
  const checks: (boolean | null)[] = [
    when.modalities ? shares(when.modalities, facts.modalities) : null,
    ...(when.allModalities ?? []).map((one) => facts.modalities.includes(one)),
    when.bodyParts ? shares(when.bodyParts, facts.bodyParts) : null,
    when.laterality ? facts.lateralities.length > 0 && facts.lateralities.every((one) => one === when.laterality) : null,
    when.prior === undefined ? null : when.prior === facts.prior,
    when.monitors === undefined ? null : when.monitors <= facts.monitors,
  ];
  if (checks.includes(false)) return null;
  const named = new Set([...(when.modalities ?? []), ...(when.allModalities ?? [])]);
  return { covered: facts.modalities.filter((one) => named.has(one)).length, held: checks.filter((one) => one === true).length };
}

/**
 * Every protocol whose conditions hold, the best first: the one that speaks of more of the study's modalities (PET and CT
 * before CT alone), then the one with more conditions, then the one that comes first, so a person's own before ours.
 */
export function fittingProtocols(protocols: readonly Protocol[], facts: StudyFacts): readonly Protocol[] {
  return protocols
    .flatMap((protocol) => {
      const weight = weighed(protocol.when, facts);
      return weight ? [{ protocol, weight }] : [];
    })
    .toSorted(({ weight: one }, { weight: other }) => other.covered - one.covered || other.held - one.held)
    .map(({ protocol }) => protocol);
}

/** The protocol that is meant most for the study. */
export function chooseProtocol(protocols: readonly Protocol[], facts: StudyFacts): Protocol | null {
  return fittingProtocols(protocols, facts)[0] ?? null;
}

/** Unaccented and lower case, as words of rules are; đ is no accented d. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase();
}

function fits(rule: ImageRule, { prior, modality, laterality, view, description, sequence = '' }: Candidate): boolean {
  return prior === (rule.prior ?? 0)
    && (!rule.modalities || rule.modalities.includes(modality))
    && (!rule.laterality || rule.laterality === laterality)
    && (!rule.views || rule.views.includes(view))
    && (!rule.sequences || (sequence !== '' && rule.sequences.includes(sequence)))
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
  const sequence = one.sequence === undefined || one.sequence === '' ? 0 : Number(one.sequence === other.sequence) * 3;
  return 1 + share * 4 + size + (one.view !== '' && one.view === other.view ? 2 : 0) + sequence;
}

/** What says how an image stands, not which one it is. */
const OF_STANDING: ReadonlySet<string> = new Set(['prior', 'right', 'bottom', 'align', 'turn', 'voi', 'inverted']);

/** The candidate of each cell, or null; none is given twice. */
export function assign(cells: readonly CellRule[], candidates: readonly Candidate[]): readonly (Candidate | null)[] {
  const given = new Set<Candidate>();
  const found: (Candidate | null)[] = cells.map(() => null);
  const take = (at: number, candidate: Candidate | undefined): void => {
    if (!candidate) return;
    given.add(candidate);
    found[at] = candidate;
  };
  const isOpen = (rule: CellRule): boolean => Object.keys(rule).every((name) => OF_STANDING.has(name));
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
