/** One film: how it looks, what is written on it, and whose it is. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { viewerAddress } from '../address';
import { ApiError } from '../api';
import { Dialog } from '../controls/dialog';
import { Link } from '../controls/link';
import { ReasonDialog } from '../controls/reason_dialog';
import { Icon } from '../icons';
import { noticeSignedOut, onResume } from '../session';
import { discardFilm, fileFilm, type FilmDetail, filmPicture, type NewStudy, readFilm } from './api';
import { failureText, layoutText, proposalText, reasonText } from './film_text';
import { PatientForm } from './patient_form';
import { StudyChoice } from './study_choice';
import { tplural, tt } from './texts';

const SHOWN_SIDE = 1400;
const LARGE_SIDE = 4096;
const TABS = ['study', 'patient'] as const;

type Loaded = FilmDetail | 'loading' | 'gone' | 'failed';
interface Outcome {
  readonly text: string;
  readonly bad: boolean;
  readonly study?: string;
}

export function FilmDetailPanel({ id, onSettled }: { readonly id: number; readonly onSettled: () => void }): JSX.Element {
  const [film, setFilm] = useState<Loaded>('loading');
  const [generation, setGeneration] = useState(0);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const reload = (): void => setGeneration((before) => before + 1);
  useEffect(() => {
    const abort = new AbortController();
    readFilm(id, abort.signal).then(setFilm, (reason: unknown) => {
      if (abort.signal.aborted || noticeSignedOut(reason)) return;
      setFilm(reason instanceof ApiError && (reason.status === 404 || reason.status === 403) ? 'gone' : 'failed');
    });
    return () => abort.abort();
  }, [id, generation]);
  useEffect(() => onResume(reload), []);
  if (film === 'loading') return <section class="empty"><div class="spinner" role="status" aria-label={t('app.loading')} /></section>;
  if (typeof film === 'string') {
    return (
      <section class="empty" role="alert">
        <span class="mark"><Icon name="film" /></span>
        <h2>{film === 'gone' ? tt('tray.gone_title') : tt('tray.failed')}</h2>
        {film === 'gone' ? <p>{tt('tray.gone')}</p> : <button type="button" class="button" onClick={reload}>{t('app.retry')}</button>}
      </section>
    );
  }
  const act = async (work: () => Promise<Outcome>): Promise<void> => {
    try {
      setOutcome(await work());
      reload();
      onSettled();
    } catch (reason) {
      if (!noticeSignedOut(reason)) setOutcome({ text: failureText(reason), bad: true });
    }
  };
  const file = (study: { readonly study_instance_uid: string } | NewStudy, name: string): Promise<void> => act(async () => {
    const { study_instance_uid: uid } = await fileFilm(film.id, study);
    return { text: tt('tray.filed', { name }), bad: false, study: uid };
  });
  const discard = (reason: string): Promise<void> => act(async () => {
    await discardFilm(film.id, reason);
    return { text: tt('tray.discarded'), bad: false };
  });
  return (
    <article class="film-detail" data-state={film.state}>
      <Link href="/tray" class="up-link tray-close"><Icon name="chevron_left" />{tt('tray.close')}</Link>
      <FilmPicture film={film} />
      <div class="film-panel">
        {outcome && <OutcomeLine outcome={outcome} />}
        {film.state !== 'tray' && !outcome && <SettledLine film={film} />}
        {film.state === 'tray' && <p class="film-doubt"><Icon name="warning" />{reasonText(film)}</p>}
        <Facts film={film} />
        {film.state === 'tray' && <Whose film={film} file={file} discard={discard} />}
      </div>
    </article>
  );
}

function FilmPicture({ film }: { readonly film: FilmDetail }): JSX.Element {
  const [failed, setFailed] = useState(false);
  const [large, setLarge] = useState(false);
  const kept = film.state === 'tray' || film.state === 'new' || film.state === 'filing';
  const label = tt('tray.picture', { machine: film.ae_title });
  if (!kept || failed) return <div class="film-picture none"><Icon name="film" />{kept && <p>{tt('tray.no_picture')}</p>}</div>;
  return (
    <div class="film-picture">
      <button type="button" class="film-enlarge" aria-label={tt('tray.enlarge')} onClick={() => setLarge(true)}>
        <img src={filmPicture(film.id, SHOWN_SIDE)} alt={label} onError={() => setFailed(true)} />
        <span class="film-enlarge-hint"><Icon name="zoom" />{tt('tray.enlarge')}</span>
      </button>
      {large && (
        <Dialog label={label} class="film-large" onClose={() => setLarge(false)}>
          <button type="button" class="icon-button film-large-close" aria-label={t('app.close')} onClick={() => setLarge(false)}><Icon name="close" /></button>
          <img src={filmPicture(film.id, LARGE_SIDE)} alt={label} />
        </Dialog>
      )}
    </div>
  );
}

function OutcomeLine({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  return (
    <p class="tray-outcome" data-bad={outcome.bad} role={outcome.bad ? 'alert' : 'status'}>
      <Icon name={outcome.bad ? 'warning' : 'check'} />
      <span>{outcome.text}</span>
      {outcome.study !== undefined && <Link href={viewerAddress([outcome.study])}>{tt('tray.open_study')}</Link>}
    </p>
  );
}

function SettledLine({ film }: { readonly film: FilmDetail }): JSX.Element {
  return (
    <p class="tray-outcome" data-bad={false}>
      <Icon name={film.state === 'discarded' ? 'remove' : 'check'} />
      <span>{reasonText(film)}{film.settled_at !== null && ` · ${formatMoment(film.settled_at)}`}</span>
      {film.state === 'filed' && <Link href={viewerAddress([film.study_instance_uid])}>{tt('tray.open_study')}</Link>}
    </p>
  );
}

function Facts({ film }: { readonly film: FilmDetail }): JSX.Element {
  const facts: readonly (readonly [string, string])[] = [
    [tt('tray.written'), film.texts.join('\n')],
    [tt('tray.says'), proposalText(film)],
    [tt('tray.machine'), [film.ae_title, film.address].filter(Boolean).join(' · ')],
    [tt('tray.printed'), formatMoment(film.printed_at, new Date(), { seconds: true })],
    [tt('tray.layout'), [layoutText(film), tplural('tray.images', film.number_of_images)].join(' · ')],
    [tt('tray.facility'), film.facility.name || film.facility.code],
  ];
  return (
    <dl class="facts film-facts">
      {facts.filter(([, value]) => value !== '').map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface WhoseProps {
  readonly film: FilmDetail;
  readonly file: (study: { readonly study_instance_uid: string } | NewStudy, name: string) => Promise<void>;
  readonly discard: (reason: string) => Promise<void>;
}

function Whose({ film, file, discard }: WhoseProps): JSX.Element {
  const [tab, setTab] = useState<(typeof TABS)[number]>('study');
  const [asking, setAsking] = useState(false);
  return (
    <section class="film-whose" aria-labelledby="film-whose">
      <h2 id="film-whose">{tt('tray.whose')}</h2>
      <div class="segments" role="group" aria-labelledby="film-whose">
        {TABS.map((one) => (
          <button key={one} type="button" aria-pressed={tab === one} onClick={() => setTab(one)}>{tt(`tray.tab.${one}`)}</button>
        ))}
      </div>
      {tab === 'study'
        ? <StudyChoice film={film} onFile={(study, name) => file({ study_instance_uid: study.study_instance_uid }, name)} />
        : <PatientForm film={film} onFile={file} />}
      <button type="button" class="button film-discard" onClick={() => setAsking(true)}><Icon name="remove" />{tt('tray.discard')}</button>
      {asking && (
        <ReasonDialog
          title={tt('tray.discard_title')} lead={tt('tray.discard_lead')} label={tt('tray.discard_reason')}
          missing={tt('tray.discard_missing')} act={tt('tray.discard')} acting={tt('tray.discard')}
          onClose={() => setAsking(false)} onAct={async (reason) => { await discard(reason); setAsking(false); }}
        />
      )}
    </section>
  );
}
