/** Brings a layer over the images it was made for: those in the cell, or the series that it names. */
import { items, text } from '../../../core/attribute';
import type { DicomInstance, DisplaySet } from '../../../core/display_set';
import { Tag } from '../../../core/tag';
import type { Cell, Subject } from '../cell';
import { isLayerSeries } from '../series_kind';

/** Series whose headers are read in search of the layer's frame of reference, when it names no series. */
const MOST_SEARCHED = 6;

/** The series that a segmentation or structure set says it belongs to. */
export function namedSeries(instance: DicomInstance): readonly string[] {
  const direct = items(instance, '00081115');
  const ofStructures = items(instance, '30060010').flatMap((one) => items(one, '30060012')).flatMap((one) => items(one, '30060014'));
  return [...direct, ...ofStructures].map((one) => text(one, Tag.SeriesInstanceUID)).filter(Boolean);
}

function frameOfReference(instance: DicomInstance): string {
  return text(instance, Tag.FrameOfReferenceUID) || text(items(instance, '30060010')[0] ?? {}, Tag.FrameOfReferenceUID);
}

function fits(set: DisplaySet, layer: DicomInstance): boolean {
  const [first] = set.images;
  if (!first) return false;
  const own = frameOfReference(layer);
  return namedSeries(layer).includes(set.seriesInstanceUid) || (own !== '' && text(first.instance, Tag.FrameOfReferenceUID) === own);
}

/** The images a layer lies on, in its own study; null when they are not there. */
async function target({ study }: Subject, layer: DicomInstance): Promise<Subject | null> {
  const all = (study.manifest.peek()?.series ?? []).filter((one) => one.representative && !isLayerSeries(one));
  const named = namedSeries(layer);
  const wanted = all.filter((one) => named.includes(one.series_instance_uid));
  for (const series of (wanted.length > 0 ? wanted : all).slice(0, MOST_SEARCHED)) {
    const sets = await study.load(series.series_instance_uid);
    const part = sets.findIndex((set) => fits(set, layer));
    if (part >= 0) return { study, series, part };
  }
  return null;
}

/** Put a layer over the cell's images when it fits them, else over its own. False: its images are not in the study. @throws DicomWebError */
export async function addLayer(cell: Cell, subject: Subject): Promise<boolean> {
  const sets = await subject.study.load(subject.series.series_instance_uid);
  const set = sets[subject.part] ?? sets[0];
  const layer = set?.objects?.[0];
  if (!set || !layer) return false;
  const shown = cell.displaySet.peek();
  const here = cell.subject.peek()?.study === subject.study && cell.state.peek() === 'ready' && shown !== null && fits(shown, layer);
  if (!here) {
    const images = await target(subject, layer);
    if (!images) return false;
    const order = cell.open(images);
    await order;
    if (cell.subject.peek()?.series !== images.series) return true; // the reader has gone on meanwhile
  }
  const others = cell.layers.peek().filter((one) => one.id !== set.id);
  cell.layers.value = [...others, set];
  return true;
}
