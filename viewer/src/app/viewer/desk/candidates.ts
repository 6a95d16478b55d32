/** What of the open studies can be hung: series, or single images where side and view of each count. */
import { hasContrast, lateralityOf, viewOf } from '../../../core/hanging/image_facts';
import { plain } from '../../../core/hanging/match';
import { inMrOrder, type MrFacts, mrPlane, mrSequence, statedContrast } from '../../../core/hanging/mr_sequence';
import type { DisplaySet } from '../../../core/display_set';
import type { Candidate, CellRule } from '../../../core/hanging/protocol';
import type { ManifestSeries } from '../../api';
import type { Subject } from '../cell';
import type { OpenStudy } from '../open_study';

/** A candidate, and where it is. */
export interface Hangable extends Candidate {
  readonly subject: Subject;
  /** Of the display set; undefined: where the series likes to begin. */
  readonly index: number | undefined;
}

/** Their images differ in side, view or run, which only the headers tell; they are few. */
const OF_SINGLE_IMAGES = new Set(['MG', 'CR', 'DX', 'RG', 'IO', 'PX']);
const OF_SEVERAL_RUNS = new Set(['US', 'XA', 'RF', 'IVUS']);
const SCOUT = /scout|locali[sz]er|topogram|surview|scanogram|dinh vi|dose|screen ?save/;
const SCOUT_IMAGES = 3;
/** PET before the correction for attenuation: read only beside the corrected one. */
const UNCORRECTED = /\bnac\b|no[nt]?[ _-]?ac\b|uncorrected|khong hieu chinh/;

function isScout(series: ManifestSeries): boolean {
  return SCOUT.test(plain(series.series_description))
    || ((series.modality === 'CT' || series.modality === 'MR') && series.number_of_instances <= SCOUT_IMAGES && (series.instances[0]?.number_of_frames ?? 1) <= 1);
}

/** Two T1 of one plane whose descriptions do not speak of the medium: only their headers tell which one has it. */
function unsureOfContrast(all: readonly ManifestSeries[]): readonly ManifestSeries[] {
  const unsure = all.filter(({ modality, series_description: words }) => (
    modality === 'MR' && statedContrast(plain(words)) === null && mrSequence({ description: plain(words), contrast: false }) === 'T1'
  ));
  const planeOf = (series: ManifestSeries): string | null => mrPlane(plain(series.series_description));
  return unsure.filter((one) => unsure.some((other) => other !== one && planeOf(other) === planeOf(one)));
}

/** What the series of a study are, in the order in which they are read; scouts and the like at the end. */
async function ordered(study: OpenStudy): Promise<readonly (readonly [ManifestSeries, MrFacts])[]> {
  const shown = (study.manifest.peek()?.series ?? []).filter(({ representative }) => representative !== null);
  const read = shown.filter((series) => !isScout(series));
  const enhanced = new Set<ManifestSeries>();
  await Promise.all(unsureOfContrast(read).map(async (series) => {
    const [image] = (await study.load(series.series_instance_uid))[0]?.images ?? [];
    if (image && hasContrast(image)) enhanced.add(series);
  }));
  const factsOf = (series: ManifestSeries): MrFacts => ({ description: plain(series.series_description), contrast: enhanced.has(series) });
  const part = read.find(({ modality }) => modality === 'MR')?.body_part.toUpperCase() ?? '';
  const inOrder = inMrOrder(read.filter(({ modality }) => modality === 'MR'), factsOf, part);
  const uncorrected = (series: ManifestSeries): boolean => series.modality === 'PT' && UNCORRECTED.test(plain(series.series_description));
  // Series of other kinds stay where they are among those of MR.
  const next = inOrder.values();
  const all = read.map((series) => (series.modality === 'MR' ? next.next().value ?? series : series))
    .toSorted((one, other) => Number(uncorrected(one)) - Number(uncorrected(other)));
  return [...all, ...shown.filter(isScout)].map((series) => [series, factsOf(series)] as const);
}

function ofSeries(study: OpenStudy, series: ManifestSeries, prior: number, facts: MrFacts): readonly Hangable[] {
  const sequence = series.modality === 'MR' ? mrSequence(facts) : '';
  const common = { sequence, prior, modality: series.modality, laterality: series.laterality, view: '', description: plain(series.series_description), index: undefined };
  const sets = study.sets.peek().get(series.series_instance_uid)?.filter((set) => set.images.length > 0);
  if (!sets || sets.length < 2) {
    const images = sets?.[0]?.images.length ?? series.number_of_instances;
    return [{ ...common, key: `${series.series_instance_uid}#0`, images, subject: { study, series, part: 0 } }];
  }
  const all = study.sets.peek().get(series.series_instance_uid) ?? [];
  return sets.map((set) => {
    const part = all.indexOf(set);
    return { ...common, key: `${series.series_instance_uid}#${part}`, images: set.images.length, subject: { study, series, part } };
  });
}

async function ofImages(study: OpenStudy, series: ManifestSeries, prior: number): Promise<readonly Hangable[]> {
  const sets = await study.load(series.series_instance_uid);
  return sets.flatMap((set, part) => set.images.map((image, index) => ({
    key: `${set.id}@${index}`, prior, modality: series.modality,
    laterality: lateralityOf(image) || series.laterality, view: viewOf(image), description: plain(set.description), images: 1,
    subject: { study, series, part }, index,
  })));
}

/** All that a study offers, in the order of reading. @throws DicomWebError a header that is needed cannot be read */
export async function candidatesOf(study: OpenStudy, prior: number): Promise<readonly Hangable[]> {
  const found = await Promise.all((await ordered(study)).map(async ([series, facts]) => {
    if (OF_SINGLE_IMAGES.has(series.modality)) return ofImages(study, series, prior);
    if (OF_SEVERAL_RUNS.has(series.modality)) await study.load(series.series_instance_uid);
    return ofSeries(study, series, prior, facts);
  }));
  return found.flat();
}

/** The rule that finds an image like this one in another study. */
export function ruleFor(set: DisplaySet | null, index: number, series: ManifestSeries): CellRule {
  const image = OF_SINGLE_IMAGES.has(series.modality) ? set?.images[index] : undefined;
  const [laterality, view, words] = [image ? lateralityOf(image) : '', image ? viewOf(image) : '', plain(series.series_description)];
  return {
    modalities: [series.modality],
    ...(laterality === 'L' || laterality === 'R' ? { laterality } : {}),
    ...(view === '' ? {} : { views: [view] }),
    ...(words === '' ? {} : { words: [words] }),
  };
}
