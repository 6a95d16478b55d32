/** Puts on the screen what a link says, in the cells it names; what is no longer there is said, never replaced by something else. */
import { batch } from '@preact/signals';

import type { ImageReference } from '../../../core/display_set';
import type { Viewport, ViewportState } from '../../../core/viewport';
import { parseLayout } from '../layout';
import type { OpenStudy } from '../open_study';
import type { Workspace } from '../workspace';
import type { CellLink, ViewLink } from './view_link';

export type LinkOutcome = 'followed' | 'missing';

/** Open the studies' images as linked. Studies that may not be seen, and images that are gone, make it `missing`. */
export async function followLink(workspace: Workspace, link: ViewLink): Promise<LinkOutcome> {
  workspace.arranged = true;
  const layout = parseLayout(link.layout);
  batch(() => {
    if (layout) workspace.layout.value = layout;
    workspace.active.value = Math.min(link.active, workspace.shownCells.peek().length - 1);
  });
  const followed = await Promise.all(link.cells.map((cell) => follow(workspace, cell)));
  return followed.every(Boolean) ? 'followed' : 'missing';
}

async function follow(workspace: Workspace, link: CellLink): Promise<boolean> {
  const cell = workspace.shownCells.peek()[link.cell];
  const study = workspace.studies.find(({ uid }) => uid === link.study);
  if (!cell || !study || !(await isOpen(study)) || !workspace.isAdmitted(study)) return false;
  const series = study.series(link.series);
  const sets = series ? await study.load(link.series).catch(() => []) : [];
  const part = sets.findIndex(({ images }) => images.some((image) => isMeant(image, link)));
  if (!series || part === -1) return false;
  const index = sets[part]?.images.findIndex((image) => isMeant(image, link)) ?? 0;
  await cell.open({ study, series, part }, { index, arrange: (viewport) => arrange(viewport, link) });
  return true;
}

function isMeant(image: ImageReference, { image: uid, frame }: CellLink): boolean {
  return image.sopInstanceUid === uid && image.frame === frame;
}

function isOpen(study: OpenStudy): Promise<boolean> {
  return new Promise((resolve) => {
    let done = false;
    const stop = study.state.subscribe((state) => {
      if (state === 'opening' || done) return;
      done = true;
      queueMicrotask(() => stop());
      resolve(state === 'open');
    });
  });
}

/** The same window, polarity, turn and part of the image. A window that the image has by itself is left to it. */
export function arrange(viewport: Viewport, { voi, inverted, presentation }: Pick<CellLink, 'voi' | 'inverted' | 'presentation'>): void {
  viewport.setPresentation(presentation);
  if (inverted !== viewport.state.inverted) viewport.setInverted(inverted);
  if (!voi) return;
  const settle = (state: ViewportState): boolean => {
    if (!state.voi) return false; // a preview: its window is known when the image is here
    const same = state.voi.center === voi.center && state.voi.width === voi.width && state.voi.function === voi.function;
    if (!same) viewport.setVoi(voi);
    return true;
  };
  if (settle(viewport.state)) return;
  const stop = viewport.subscribe((state) => {
    if (!state.voi) return;
    stop();
    settle(state);
  });
}
