/** What is saved is loaded when the first image is there in full: nothing of it is needed before. */
import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Workspace } from '../workspace';
import type { SavedPart } from './module';

/** Null until it has been loaded. */
export const savedPart = signal<SavedPart | null>(null);

export function useSaved(workspace: Workspace): void {
  useEffect(() => {
    let stopped = false;
    let started = false;
    const load = async (): Promise<void> => {
      const { startSaved } = await import('./module');
      if (!stopped) savedPart.value = startSaved(workspace);
    };
    const stopWatching = effect(() => {
      const full = workspace.shownCells.value.some((cell) => ['lossless', 'lossy'].includes(cell.view.value?.quality ?? ''));
      if (!full || started) return;
      started = true;
      requestIdleCallback(() => {
        if (!stopped) load().catch((reason: unknown) => console.warn('What is saved cannot be loaded', reason));
      }, { timeout: 1000 });
    });
    return () => {
      stopped = true;
      stopWatching();
      savedPart.peek()?.stop();
      savedPart.value = null;
    };
  }, [workspace]);
}
