/** What of the open studies can be hung: series, or single images where side and view of each count. */
import { lateralityOf, viewOf } from '../../../core/hanging/image_facts';
import { plain } from '../../../core/hanging/match';
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

function isScout(series: ManifestSeries): boolean {
  return SCOUT.test(plain(series.series_description))
    || ((series.modality === 'CT' || series.modality === 'MR') && series.number_of_instances <= SCOUT_IMAGES && (series.instances[0]?.number_of_frames ?? 1) <= 1);
}

function ofSeries(study: OpenStudy, series: ManifestSeries, prior: number): readonly Hangable[] {
  const common = { prior, modality: series.modality, laterality: series.laterality, view: '', description: plain(series.series_description), index: undefined };
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

/** All that a study offers, scouts and the like at the end. @throws DicomWebError a header that is needed cannot be read */
export async function candidatesOf(study: OpenStudy, prior: number): Promise<readonly Hangable[]> {
  const shown = (study.manifest.peek()?.series ?? []).filter(({ representative }) => representative !== null);
  const ordered = [...shown.filter((series) => !isScout(series)), ...shown.filter(isScout)];
  const found = await Promise.all(ordered.map(async (series) => {
    if (OF_SINGLE_IMAGES.has(series.modality)) return ofImages(study, series, prior);
    if (OF_SEVERAL_RUNS.has(series.modality)) await study.load(series.series_instance_uid);
    return ofSeries(study, series, prior);
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
