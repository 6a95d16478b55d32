/** All of what is saved, in a chunk of its own. */
import type { JSX } from 'preact';

import { goesAsked } from '../../location';
import { session } from '../../session';
import type { Cell } from '../cell';
import type { OpenStudy } from '../open_study';
import type { Workspace } from '../workspace';
import { LeaveDialog, leaving } from './leave';
import { SavedMarks } from './marks';
import { RestoredNotice } from './restored_notice';
import { SaveDrawn, SavedSection } from './section';
import { SavedWork } from './work';

export interface SavedPart {
  readonly work: SavedWork;
  readonly Section: () => JSX.Element;
  readonly Marks: (props: { readonly cell: Cell }) => JSX.Element;
  /** Saving what is drawn in a study, where there is no panel. */
  readonly Save: (props: { readonly study: OpenStudy }) => JSX.Element | null;
  readonly Leave: () => JSX.Element;
  /** What was put back of a draft, where the panel does not say it. */
  readonly Notice: () => JSX.Element | null;
  stop(): void;
}

function SaveInVolume({ work, study }: { readonly work: SavedWork; readonly study: OpenStudy }): JSX.Element | null {
  const own = work.of(study);
  return own && <SaveDrawn work={own} />;
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
    Save: ({ study }) => <SaveInVolume work={work} study={study} />,
    Notice: () => <RestoredNotice saved={work} />,
    Leave: () => <LeaveDialog saved={work} />,
    stop: () => {
      goesAsked(null);
      leaving.value = null;
      work.stop();
    },
  };
}
