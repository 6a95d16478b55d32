/** The film tray: printed films whose patient nobody knows, and who files them. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { useListing } from '../admin/listing';
import { AccountMenu } from '../controls/account_menu';
import { LanguageSwitch } from '../controls/language_switch';
import { Link } from '../controls/link';
import { Icon, Mark } from '../icons';
import { goTo, query } from '../location';
import { type Film, filmPicture, listFilms } from './api';
import { FilmDetailPanel } from './film_detail';
import { reasonText } from './film_text';
import { tplural, tt } from './texts';
import '../../styles/study_list.css';
import '../../styles/tray.css';

const SHOWN = ['open', 'settled'] as const;
const THUMBNAIL = 240;
/** Films come while the page is open. */
const REFRESH_MS = 15_000;

export function TrayPage(): JSX.Element {
  const [shown, setShown] = useState<(typeof SHOWN)[number]>('open');
  const list = useListing(shown, async (limit, offset, signal) => {
    const page = await listFilms(shown, limit, offset, signal);
    return { ...page, rows: page.films };
  });
  const chosen = Number.parseInt(query.value.get('id') ?? '', 10) || null;
  const reload = useRef(list.reload);
  reload.current = list.reload;
  useEffect(() => {
    document.title = `${tt('tray.title')} · ${t('app.name')}`;
  });
  useEffect(() => {
    const timer = setInterval(() => reload.current(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="tray-page" data-chosen={chosen !== null}>
      <header class="app-header">
        <p class="brand"><Mark />{t('app.name')}</p>
        <span class="app-header-end">
          <LanguageSwitch />
          <AccountMenu />
        </span>
      </header>
      <section class="tray-side" aria-label={tt('tray.title')}>
        <Link href="/" class="up-link"><Icon name="chevron_left" />{tt('tray.back')}</Link>
        <div class="tray-head">
          <h1>{tt('tray.title')}</h1>
          <p class="total number" aria-live="polite">{shown === 'open' && list.page && tplural('tray.count', list.total)}</p>
        </div>
        <p class="tray-lead">{tt('tray.lead')}</p>
        <div class="segments" role="group" aria-label={tt('tray.shown')}>
          {SHOWN.map((one) => (
            <button key={one} type="button" aria-pressed={shown === one} onClick={() => setShown(one)}>{tt(`tray.${one}`)}</button>
          ))}
        </div>
        <TrayList list={list} shown={shown} chosen={chosen} />
      </section>
      <main id="content" tabIndex={-1} class="tray-main">
        {chosen === null
          ? <p class="tray-choose"><Icon name="film" />{tt('tray.choose')}</p>
          : <FilmDetailPanel key={chosen} id={chosen} onSettled={list.reload} />}
      </main>
    </div>
  );
}

interface TrayListProps {
  readonly list: Pick<ReturnType<typeof useListing<{ total: number; rows: readonly Film[] }>>, 'state' | 'rows' | 'total' | 'more' | 'reload'>;
  readonly shown: 'open' | 'settled';
  readonly chosen: number | null;
}

function TrayList({ list, shown, chosen }: TrayListProps): JSX.Element {
  if (list.state === 'failed') {
    return (
      <section class="empty" role="alert">
        <span class="mark"><Icon name="warning" /></span>
        <h2>{tt('tray.failed')}</h2>
        <button type="button" class="button" onClick={list.reload}>{t('app.retry')}</button>
      </section>
    );
  }
  if (list.state === 'loading') return <section class="empty"><div class="spinner" role="status" aria-label={t('app.loading')} /></section>;
  if (list.rows.length === 0) {
    return (
      <section class="empty">
        <span class="mark"><Icon name="film" /></span>
        <h2>{tt(shown === 'open' ? 'tray.empty' : 'tray.empty_settled')}</h2>
        {shown === 'open' && <p>{tt('tray.empty_hint')}</p>}
      </section>
    );
  }
  return (
    <>
      <ul class="tray-list">
        {list.rows.map((film) => <li key={film.id}><FilmCard film={film} current={film.id === chosen} /></li>)}
      </ul>
      {list.rows.length < list.total && <button type="button" class="button more" onClick={list.more}>{tt('tray.more')}</button>}
    </>
  );
}

function FilmCard({ film, current }: { readonly film: Film; readonly current: boolean }): JSX.Element {
  const written = film.texts.join(' · ');
  const address = `/tray?id=${String(film.id)}`;
  return (
    <a
      href={address} class="film-card" aria-current={current ? 'true' : undefined} data-state={film.state}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        goTo(address, { replace: current });
      }}
    >
      <Thumbnail film={film} />
      <span class="film-card-text">
        <span class="primary">{film.ae_title}</span>
        <span class="secondary number">{formatMoment(film.printed_at)} · {tplural('tray.images', film.number_of_images)}</span>
        {written !== '' && <span class="secondary film-written">{written}</span>}
        <span class="film-reason">{reasonText(film)}</span>
      </span>
    </a>
  );
}

function Thumbnail({ film }: { readonly film: Film }): JSX.Element {
  const [failed, setFailed] = useState(false);
  const kept = film.state === 'tray' || film.state === 'new' || film.state === 'filing';
  return (
    <span class="film-thumbnail">
      {kept && !failed
        ? <img src={filmPicture(film.id, THUMBNAIL)} alt="" loading="lazy" decoding="async" onError={() => setFailed(true)} />
        : <Icon name={film.state === 'discarded' ? 'remove' : 'film'} />}
    </span>
  );
}
