/** Which study a film is filed in: those it may well belong to, and any that is searched. */
import type { JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { listStudies } from '../api';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { NO_FILTER, questionOf } from '../studies/filter';
import type { Candidate, FilmDetail } from './api';
import { nameOf, patientLine, studyLine } from './film_text';
import { tt } from './texts';

const MOST_FOUND = 8;
const PAUSE_MS = 250;

interface StudyChoiceProps {
  readonly film: FilmDetail;
  readonly onFile: (study: Candidate, name: string) => Promise<void>;
}

export function StudyChoice({ film, onFile }: StudyChoiceProps): JSX.Element {
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly Candidate[] | null>(null);
  const [asked, setAsked] = useState<Candidate | null>(null);
  const id = useId();
  useEffect(() => {
    if (text.trim() === '') {
      setFound(null);
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      listStudies(questionOf({ ...NO_FILTER, text }, new Date()), { order: 'received', descending: true }, MOST_FOUND, 0, abort.signal)
        .then((page) => setFound(page.studies), (reason: unknown) => { if (!abort.signal.aborted) noticeSignedOut(reason); });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  const shown = found ?? film.candidates;
  return (
    <div class="study-choice">
      <label class="visually-hidden" for={id}>{tt('tray.search')}</label>
      <input
        id={id} class="field" type="search" value={text} placeholder={tt('tray.search_placeholder')} autocomplete="off" spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {found === null && film.candidates.length > 0 && <h3>{tt('tray.likely')}</h3>}
      {found?.length === 0 && <p class="quiet" role="status">{tt('tray.none_found')}</p>}
      <ul class="study-options">
        {shown.map((study) => (
          <li key={study.study_instance_uid}>
            <span class="study-option">
              <span class="primary">{nameOf(study)}{study.is_named === true && <span class="badge named">{tt('tray.named')}</span>}</span>
              <span class="secondary number">{patientLine(study)}</span>
              <span class="secondary number">{studyLine(study)}</span>
            </span>
            <button type="button" class="button" aria-label={tt('tray.file_here_label', { name: nameOf(study) })} onClick={() => setAsked(study)}>
              {tt('tray.file_here')}
            </button>
          </li>
        ))}
      </ul>
      {asked && <ConfirmDialog film={film} study={asked} onClose={() => setAsked(null)} onFile={onFile} />}
    </div>
  );
}

interface ConfirmDialogProps extends StudyChoiceProps {
  readonly study: Candidate;
  readonly onClose: () => void;
}

function ConfirmDialog({ film, study, onClose, onFile }: ConfirmDialogProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const confirm = (): void => {
    setBusy(true);
    void onFile(study, nameOf(study)).finally(onClose);
  };
  return (
    <Dialog label={tt('tray.confirm_title')} onClose={onClose}>
      <div class="question film-question">
        <h2>{tt('tray.confirm_title')}</h2>
        <p>{tt('tray.confirm_lead')}</p>
        <dl class="tray-compare">
          <div>
            <dt>{tt('tray.written')}</dt>
            <dd>{film.texts.join('\n') || '—'}</dd>
          </div>
          <Icon name="arrow_right" />
          <div>
            <dt>{studyLine(study)}</dt>
            <dd>{nameOf(study)}{'\n'}{patientLine(study)}</dd>
          </div>
        </dl>
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="button" class="button primary" disabled={busy} autofocus onClick={confirm}>{tt(busy ? 'tray.filing' : 'tray.confirm')}</button>
        </div>
      </div>
    </Dialog>
  );
}
