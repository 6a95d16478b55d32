/** Going on to the next or the previous study of the list without leaving the viewer. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';

import { translator } from '../../i18n/locale';
import { nextStudyEn } from '../../i18n/next_study_en';
import { nextStudyVi } from '../../i18n/next_study_vi';
import { viewerAddress } from '../address';
import { noteOpened } from '../api';
import { Icon } from '../icons';
import { goTo, query } from '../location';
import { onResume, session } from '../session';
import { neighboursOf, readingList } from '../studies/reading_list';
import type { Command } from './commands';
import { studyAhead } from './study_ahead';
import type { Workspace } from './workspace';
import '../../styles/next_study.css';

const { t: nt } = translator(nextStudyEn, nextStudyVi);

/** The image on screen has been complete for so long before anything is fetched that nobody asked for. */
const REST_MS = 1200;
/** What the address says of the renderer goes with the reader. */
const KEPT = ['tier', 'renderer'] as const;

/** The address of the list that the study was opened from. */
export function listAddress(): string {
  return `/${readingList().query}`;
}

/** By the address, which is ahead of the page when keys are pressed quickly. */
function neighbours(): ReturnType<typeof neighboursOf> {
  const [uid = ''] = (query.peek().get('StudyInstanceUIDs') ?? '').split(',');
  return neighboursOf(readingList(), uid.trim());
}

function go(uid: string | null): void {
  if (uid === null) return;
  const kept = KEPT.flatMap((name) => {
    const value = query.peek().get(name);
    return value === null ? [] : [`&${name}=${encodeURIComponent(value)}`];
  });
  goTo(viewerAddress([uid]) + kept.join(''), { replace: true }); // going back leads to the list, however many were read
}

export const NEXT_STUDY_COMMANDS: readonly Command[] = [
  { id: 'next_study', label: () => nt('study.next'), group: 'layout', stroke: { code: 'BracketRight', cap: ']' }, run: () => go(neighbours().next) },
  { id: 'previous_study', label: () => nt('study.previous'), group: 'layout', stroke: { code: 'BracketLeft', cap: '[' }, run: () => go(neighbours().previous) },
];

/** Where the study stands in the list; nothing when it was not opened from one. */
export function ListPlace({ workspace }: { readonly workspace: Workspace }): JSX.Element | null {
  const { position, count, previous, next } = useMemo(neighbours, [workspace]);
  if (position === 0 || count < 2) return null;
  return (
    <div class="list-place" role="group" aria-label={nt('study.place_hint', { position, count })}>
      <button type="button" class="icon-button" aria-label={nt('study.previous')} title={`${nt('study.previous')} ([)`} disabled={previous === null} onClick={() => go(previous)}>
        <Icon name="chevron_up" />
      </button>
      <span class="number" title={nt('study.place_hint', { position, count })}>{nt('study.place', { position, count })}</span>
      <button type="button" class="icon-button" aria-label={nt('study.next')} title={`${nt('study.next')} (])`} disabled={next === null} onClick={() => go(next)}>
        <Icon name="chevron_down" />
      </button>
    </div>
  );
}

/** Once the first image is there in full: the studies count as opened, and the next one of the list is fetched. */
export function useNextStudy(workspace: Workspace): void {
  useEffect(() => {
    const stops: (() => void)[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let noted = false;
    const note = (): void => {
      if (noted || !session.peek()) return;
      noted = true;
      // Who has no account of their own has no list of what they opened.
      for (const study of workspace.studies) if (study.manifest.peek()) noteOpened(study.uid).catch(() => undefined);
    };
    const fetchNext = (): void => {
      const { next } = neighbours();
      if (next !== null && document.visibilityState === 'visible') void studyAhead.fetch(next);
    };
    const settle = (): void => {
      clearTimeout(timer);
      const [cell] = workspace.cells;
      const quality = cell?.view.peek()?.quality;
      const complete = cell?.state.peek() === 'document' || (cell?.state.peek() === 'ready' && (quality === 'lossless' || quality === 'lossy'));
      if (!complete) return;
      note();
      timer = setTimeout(() => requestIdleCallback(fetchNext, { timeout: 4000 }), REST_MS);
    };
    const [cell] = workspace.cells;
    if (cell) stops.push(cell.state.subscribe(settle), cell.view.subscribe(settle));
    stops.push(session.subscribe(settle), onResume(settle));
    return () => {
      clearTimeout(timer);
      studyAhead.stop();
      for (const stop of stops) stop();
    };
  }, [workspace]);
}
