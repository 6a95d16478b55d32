/** All of what is saved, in a chunk of its own. */
import type { JSX } from 'preact';

import { goesAsked } from '../../location';
import { session } from '../../session';
import type { Cell } from '../cell';
import type { Workspace } from '../workspace';
import { LeaveDialog, leaving } from './leave';
import { SavedMarks } from './marks';
import { SavedSection } from './section';
import { SavedWork } from './work';

export interface SavedPart {
  readonly work: SavedWork;
  readonly Section: () => JSX.Element;
  readonly Marks: (props: { readonly cell: Cell }) => JSX.Element;
  readonly Leave: () => JSX.Element;
  stop(): void;
}

export function startSaved(workspace: Workspace): SavedPart {
  const work = new SavedWork(workspace);
  work.start();
  goesAsked((go) => {
    if (!work.unsaved.peek() || !session.peek()) return false;
    leaving.value = go;
    return true;
  });
  return {
    work,
    Section: () => <SavedSection saved={work} />,
    Marks: ({ cell }) => <SavedMarks saved={work} cell={cell} />,
    Leave: () => <LeaveDialog saved={work} />,
    stop: () => {
      goesAsked(null);
      leaving.value = null;
      work.stop();
    },
  };
}
