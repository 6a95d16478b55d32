/** The moment from which the line is free for what is not the first image. */
import { effect } from '@preact/signals';

import type { Workspace } from './workspace';

/**
 * Calls once the active cell has its image in full, or has none to wait for. Until then every byte of a thin link is
 * the image's.
 * @returns ends the waiting
 */
export function onceInFull(workspace: Workspace, then: () => void): () => void {
  let done = false;
  const stop = effect(() => {
    const cell = workspace.activeCell.value;
    const quality = cell.view.value?.quality;
    const full = quality === 'lossless' || quality === 'lossy' || cell.state.value === 'document' || cell.state.value === 'error';
    if (done || !full) return;
    done = true;
    requestIdleCallback(then, { timeout: 500 });
  });
  return () => {
    done = true;
    stop();
  };
}
