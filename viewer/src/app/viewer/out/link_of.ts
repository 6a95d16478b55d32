/** The address of what a workspace shows now. */
import { viewerAddress } from '../../address';
import { query } from '../../location';
import type { Cell } from '../cell';
import type { Workspace } from '../workspace';
import { type CellLink, encodeLink, LINK_PARAMETER } from './view_link';

/** What one cell shows; null: nothing that a link can name. */
export function cellLink(cell: Cell, at: number): CellLink | null {
  const [subject, view, viewport] = [cell.subject.peek(), cell.view.peek(), cell.viewport];
  const image = view?.displaySet?.images[view.index];
  if (!subject || !view || !viewport || !image || cell.state.peek() !== 'ready') return null;
  return {
    cell: at, study: subject.study.uid, series: subject.series.series_instance_uid, image: image.sopInstanceUid, frame: image.frame,
    voi: view.voi, inverted: view.inverted, presentation: viewport.presentation,
  };
}

export function linkTo(workspace: Workspace): string {
  const cells = workspace.shownCells.peek().map(cellLink).filter((cell) => cell !== null);
  const link = encodeLink({ layout: workspace.layout.peek(), active: workspace.active.peek(), cells });
  const tier = query.peek().get('tier');
  const kept = tier === 'lite' || tier === 'reading' ? `&tier=${tier}` : '';
  return `${viewerAddress(workspace.studies.map(({ uid }) => uid))}${kept}&${LINK_PARAMETER}=${link}`;
}
