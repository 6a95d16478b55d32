/** From an image that a report or list names to that image on screen. */
import type { Reference } from '../../../core/report';
import type { ManifestSeries } from '../../api';
import type { Cell } from '../cell';
import type { Workspace } from '../workspace';

/** The series of the cell's own study that holds an image; another patient's can never answer. */
export function seriesOf(cell: Cell, reference: Reference): ManifestSeries | null {
  const series = cell.subject.value?.study.manifest.value?.series ?? [];
  return series.find((one) => one.instances.some((instance) => instance.sop_instance_uid === reference.sopInstanceUid)) ?? null;
}

/** Show it beside the report: in the next cell, with a second one made where there is only one. */
export async function openImage(workspace: Workspace, cell: Cell, reference: Reference): Promise<void> {
  const study = cell.subject.peek()?.study;
  const series = seriesOf(cell, reference);
  if (!study || !series) return;
  const sets = await study.load(series.series_instance_uid);
  const isIt = (image: { readonly sopInstanceUid: string; readonly frame: number }): boolean =>
    image.sopInstanceUid === reference.sopInstanceUid && (reference.frame === null || image.frame === reference.frame);
  const part = Math.max(0, sets.findIndex((set) => set.images.some(isIt)));
  const index = sets[part]?.images.findIndex(isIt) ?? -1;
  if (workspace.shownCells.peek().length < 2) workspace.setLayout('1x2');
  const beside = workspace.shownCells.peek().find((one) => one !== cell) ?? cell;
  workspace.active.value = beside.number - 1;
  await beside.open({ study, series, part }, { index: Math.max(0, index) });
}
