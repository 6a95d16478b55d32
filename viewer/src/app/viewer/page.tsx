/** The viewer page: studies by the address, Lite at once, the reading room when it is there. */
import { useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';

import type { ViewportFactory } from '../../core/viewport';
import { t } from '../../i18n/locale';
import { useLater } from '../controls/later';
import { MessagePage } from '../controls/message_page';
import { LINK_PARAMETER } from '../address';
import { Icon } from '../icons';
import { connectionLost } from '../live';
import { goTo, query } from '../location';
import { patientName } from '../studies/study_text';
import { CellView } from './cell_view';
import { useCommandKeys } from './command_keys';
import { ViewerHeader } from './header';
import { liteFactory, readingFactory } from './factories';
import { onceInFull } from './in_full';
import { gridTemplate } from './layout';
import { useNextStudy } from './next_study';
import type { Measurements } from './measurements';
import type { OpenState, OpenStudy } from './open_study';
import { OutDialogsLater } from './out/menu';
import { savedPart, useSaved } from './saved/later';
import { SeriesStrip } from './strip';
import { wantedTier } from './tiers';
import { PatientBarrier } from './patient_barrier';
import { Toolbar } from './toolbar';
import { VolumeDoor } from './volume_door';
import { type Follow, Workspace } from './workspace';
import '../../styles/viewer.css';

interface ViewerProps {
  readonly onFirstPicture: () => void;
}

export function ViewerPage({ onFirstPicture }: ViewerProps): JSX.Element {
  const address = useMemo(() => query.peek(), []);
  const uids = useMemo(() => [...new Set((address.get('StudyInstanceUIDs') ?? '').split(',').map((uid) => uid.trim()).filter(Boolean))], [address]);
  const workspace = useMemo(() => new Workspace(uids, liteFactory(address)), [uids]);

  useEffect(() => {
    let stopped = false;
    const start = async (): Promise<void> => {
      const follow = await linkFollower(address.get(LINK_PARAMETER));
      if (!stopped) workspace.start(address.get('SeriesInstanceUID'), follow);
    };
    void start();
    return () => {
      stopped = true;
      workspace.stop();
    };
  }, [workspace]);
  useReadingRoom(workspace, address);
  useDesk(workspace, address);
  useFirstPicture(workspace, onFirstPicture);
  useCommandKeys(workspace);
  useSaved(workspace);
  useNextStudy(workspace);
  useSignalEffect(() => {
    const study = workspace.studies[0]?.manifest.value?.study;
    document.title = `${study ? patientName(study) : t('viewer.title')} · ${t('app.name')}`;
  });

  const [first] = workspace.studies;
  const desk = workspace.desk.value;
  if (!first) return <Refused icon="search" title={t('error.no_study_title')} text={t('error.no_study')} />;
  const ready = workspace.cells.some((cell) => cell.state.value === 'ready' || cell.state.value === 'document' || cell.state.value === 'error');
  const refused = workspace.studies.every((study) => !['opening', 'open'].includes(study.state.value));
  if (refused) return <StudyRefused study={first} onRetry={() => void workspace.readAgain(first)} />;
  return (
    <div class="viewer-page" data-ready={ready} data-layout={workspace.layout.value} data-strip={workspace.stripShown.value}>
      <ViewerHeader workspace={workspace} toolbar={<Toolbar workspace={workspace} />} />
      <div class="viewer-notes">
        {connectionLost.value && <div class="banner" role="alert"><Icon name="offline" />{t('studies.live_lost')}</div>}
        {workspace.linkBroken.value && <div class="banner" role="alert"><Icon name="warning" />{t('viewer.link_broken')}</div>}
        {workspace.twoPatients.value && <div class="banner" role="alert"><Icon name="warning" />{t('viewer.two_patients')}</div>}
        <SavedNotice />
      </div>
      <SeriesStrip workspace={workspace} />
      <main id="content" class="cells" tabIndex={-1} aria-label={t('viewer.images')} style={{ gridTemplate: gridTemplate(workspace.layout.value) }}>
        {workspace.shownCells.value.map((cell) => <CellView key={cell.number} cell={cell} workspace={workspace} />)}
      </main>
      <MeasurementsLater workspace={workspace} />
      <SavedQuestion />
      <VolumeDoor workspace={workspace} />
      {desk && <desk.parts.Page desk={desk} />}
      {workspace.stranger.value && <PatientBarrier workspace={workspace} stranger={workspace.stranger.value} />}
      <OutDialogsLater workspace={workspace} />
    </div>
  );
}

/** Links are rare, so their code comes only with one; a link that says nothing begins as always. */
async function linkFollower(text: string | null): Promise<Follow | null> {
  if (text === null) return null;
  try {
    const [{ followLink }, { decodeLink }] = await Promise.all([import('./out/follow_link'), import('./out/view_link')]);
    const link = decodeLink(text);
    return link && ((workspace) => followLink(workspace, link));
  } catch (reason) {
    console.warn('The link cannot be followed', reason);
    return () => Promise.resolve('missing');
  }
}

async function loadMeasurements(): Promise<typeof Measurements> {
  const part = await import('./measurements');
  return part.Measurements;
}

function MeasurementsLater({ workspace }: { readonly workspace: Workspace }): JSX.Element | null {
  const shown = workspace.measurementsShown.value;
  const Loaded = useLater(loadMeasurements, shown);
  return shown && Loaded ? <Loaded workspace={workspace} /> : null;
}

function SavedQuestion(): JSX.Element | null {
  const part = savedPart.value;
  return part && <part.Leave />;
}

function SavedNotice(): JSX.Element | null {
  const part = savedPart.value;
  return part && <part.Notice />;
}

/** Load the reading room when the first image is there, and hand the cells over to it. */
function useReadingRoom(workspace: Workspace, address: URLSearchParams): void {
  useEffect(() => {
    if (wantedTier(address) !== 'reading') return;
    let stopped = false;
    const load = async (): Promise<void> => {
      try {
        const factory: ViewportFactory = await readingFactory(address);
        if (!stopped) await workspace.changeFactory(factory);
      } catch (reason) {
        console.warn('The reading room is not available; Lite stays', reason);
      }
    };
    const stopWaiting = onceInFull(workspace, () => void load());
    return () => {
      stopped = true;
      stopWaiting();
    };
  }, [workspace]);
}

/** What belongs to several cells is loaded once the first image is there in full. */
function useDesk(workspace: Workspace, address: URLSearchParams): void {
  useEffect(() => {
    const stopped = new AbortController();
    const load = async (): Promise<void> => {
      const { createDesk } = await import('./desk');
      if (!stopped.signal.aborted) workspace.desk.value = createDesk(workspace, address);
    };
    const stopWaiting = onceInFull(workspace, () => void load().catch((reason: unknown) => console.warn('Linked cells are not available', reason)));
    return () => {
      stopped.abort();
      stopWaiting();
    };
  }, [workspace]);
}

function useFirstPicture(workspace: Workspace, onFirstPicture: () => void): void {
  useSignalEffect(() => {
    if (workspace.studies.every((study) => !['opening', 'open'].includes(study.state.value))) onFirstPicture();
  });
  useEffect(() => onceInFull(workspace, onFirstPicture), [workspace]);
}

interface RefusedProps {
  readonly icon: 'search' | 'lock' | 'offline' | 'warning';
  readonly title: string;
  readonly text: string;
  readonly onRetry?: () => void;
}

function Refused({ icon, title, text, onRetry }: RefusedProps): JSX.Element {
  return (
    <MessagePage icon={icon} title={title} text={text}>
      {onRetry && <button type="button" class="button primary" onClick={onRetry}>{t('app.retry')}</button>}
      <button type="button" class={onRetry ? 'button' : 'button primary'} onClick={() => goTo('/')}>{t('viewer.back')}</button>
    </MessagePage>
  );
}

function StudyRefused({ study, onRetry }: { readonly study: OpenStudy; readonly onRetry: () => void }): JSX.Element {
  const state: OpenState = study.state.value;
  switch (state) {
    case 'not_found': return <Refused icon="search" title={t('error.not_found_title')} text={t('error.not_found')} />;
    case 'forbidden': return <Refused icon="lock" title={t('error.forbidden_title')} text={t('error.forbidden')} />;
    case 'unreachable': return <Refused icon="offline" title={t('error.unreachable_title')} text={t('error.unreachable')} onRetry={onRetry} />;
    default: {
      const text = study.problemId === null ? t('error.failed_no_id') : t('error.failed', { id: study.problemId });
      return <Refused icon="warning" title={t('error.failed_title')} text={text} onRetry={onRetry} />;
    }
  }
}
