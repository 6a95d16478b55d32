/** The orders: what is to be done and how far it is, kept up to date while the page is looked at. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { ApiError } from '../api';
import { AccountMenu } from '../controls/account_menu';
import { LanguageSwitch } from '../controls/language_switch';
import { Link } from '../controls/link';
import { Icon, Mark } from '../icons';
import { query, replaceQuery } from '../location';
import { noticeSignedOut, onResume } from '../session';
import { visible } from '../visibility';
import { changeOrderState, listOrders, type Order, type OrderPage, type OrderState } from './api';
import { OrderDetail } from './detail';
import { OrderForm } from './form';
import { OrderList } from './list';
import { askedOf, PERIODS, type Question, queryOf, questionOf, SHOWN, STATES_OF } from './question';
import { oplural, ot } from './texts';
import '../../styles/study_list.css';
import '../../styles/orders.css';

const EVERY_MS = 4000;
const AT_ONCE = 200;

interface Found {
  readonly page: OrderPage | null;
  readonly failed: number | null;
}

/** The page of a question, read again and again; `reload` reads it at once. */
function useOrders(question: Question): Found & { readonly reload: () => void } {
  const [found, setFound] = useState<Found>({ page: null, failed: null });
  const [generation, setGeneration] = useState(0);
  const shown = visible.value;
  const key = JSON.stringify(question);
  const reload = (): void => setGeneration((before) => before + 1);
  useEffect(() => onResume(reload), []);
  useEffect(() => {
    if (!shown) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const poll = (): void => {
      listOrders(askedOf(question, new Date(), AT_ONCE), abort.signal).then(
        (page) => setFound({ page, failed: null }),
        (reason: unknown) => {
          if (abort.signal.aborted || noticeSignedOut(reason)) return;
          setFound((before) => ({ ...before, failed: reason instanceof ApiError ? reason.status : 0 }));
        },
      ).finally(() => {
        if (!abort.signal.aborted) timer = setTimeout(poll, EVERY_MS);
      });
    };
    poll();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, generation, shown]);
  return { ...found, reload };
}

export function OrdersPage(): JSX.Element {
  const [question, setQuestion] = useState<Question>(() => questionOf(query.peek()));
  const [chosen, setChosen] = useState<Order | null>(null);
  const [form, setForm] = useState<'closed' | 'new' | 'edit'>('closed');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const { page, failed, reload } = useOrders(question);
  const current = chosen && (page?.orders.find((one) => one.id === chosen.id && one.version >= chosen.version) ?? chosen);
  useEffect(() => {
    document.title = `${ot('orders.title')} · ${t('app.name')}`;
  });
  const ask = (changes: Partial<Question>): void => {
    const next = { ...question, ...changes };
    setQuestion(next);
    replaceQuery(queryOf(next));
  };
  const choose = (order: Order | null): void => {
    setChosen(order);
    setProblem('');
  };
  const changeState = async (order: Order, state: OrderState): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      setChosen(await changeOrderState(order.id, state));
    } catch (reason) {
      if (!noticeSignedOut(reason)) setProblem(ot(reason instanceof ApiError && reason.status === 409 ? 'orders.conflict' : 'orders.act_failed'));
    } finally {
      setBusy(false);
      reload();
    }
  };
  return (
    <div class="orders-page">
      <header class="app-header">
        <p class="brand"><Mark />{t('app.name')}</p>
        <span class="app-header-end">
          <Link href="/" class="orders-back" label={ot('orders.back')}><Icon name="chevron_left" /><span>{ot('orders.back')}</span></Link>
          <LanguageSwitch />
          <AccountMenu />
        </span>
      </header>
      <main id="content" tabIndex={-1} data-ready={page !== null}>
        <div class="list-head">
          <h1>{ot('orders.title')}</h1>
          <p class="total number" aria-live="polite">{page && oplural('orders.count', page.total)}</p>
          <button type="button" class="button primary orders-new" onClick={() => setForm('new')}>{ot('orders.new')}</button>
        </div>
        <Filters question={question} page={page} onAsk={ask} />
        <div class="orders-body">
          <Body page={page} failed={failed} question={question} chosen={current?.id ?? null} onChoose={choose} onRetry={reload} />
        </div>
      </main>
      {current && (
        <OrderDetail
          key={current.id} order={current} busy={busy} problem={problem} onClose={() => choose(null)} onEdit={() => setForm('edit')}
          onState={(state) => void changeState(current, state)}
        />
      )}
      {form !== 'closed' && (
        <OrderForm
          order={form === 'edit' ? current ?? undefined : undefined} onClose={() => { setForm('closed'); reload(); }}
          onSaved={(order) => { setForm('closed'); choose(order); reload(); }}
        />
      )}
    </div>
  );
}

function Filters({ question, page, onAsk }: { readonly question: Question; readonly page: OrderPage | null; readonly onAsk: (changes: Partial<Question>) => void }): JSX.Element {
  return (
    <search class="filters" aria-label={ot('orders.filters')}>
      <div class="search-box">
        <Icon name="search" />
        <input
          class="field" type="text" inputMode="search" autocomplete="off" spellcheck={false} aria-label={ot('orders.search')}
          placeholder={ot('orders.search_placeholder')} value={question.text} onInput={(event) => onAsk({ text: event.currentTarget.value })}
        />
        {question.text !== '' && (
          <button type="button" class="icon-button" aria-label={ot('orders.clear_search')} title={ot('orders.clear_search')} onClick={() => onAsk({ text: '' })}><Icon name="close" /></button>
        )}
      </div>
      <div class="segments" role="group" aria-label={ot('orders.show')}>
        {SHOWN.map((shown) => {
          const count = page && STATES_OF[shown].reduce((sum, state) => sum + (page.counts[state] ?? 0), 0);
          return (
            <button key={shown} type="button" aria-pressed={question.shown === shown} onClick={() => onAsk({ shown })}>
              {ot(`orders.show.${shown}`)}{count !== null && <span class="segment-count number">{count}</span>}
            </button>
          );
        })}
      </div>
      <div class="segments" role="group" aria-label={ot('orders.days')}>
        {PERIODS.map((period) => (
          <button key={period} type="button" aria-pressed={question.period === period} onClick={() => onAsk({ period })}>{ot(`orders.days.${period}`)}</button>
        ))}
      </div>
    </search>
  );
}

interface BodyProps extends Found {
  readonly question: Question;
  readonly chosen: number | null;
  readonly onChoose: (order: Order | null) => void;
  readonly onRetry: () => void;
}

function Body({ page, failed, question, chosen, onChoose, onRetry }: BodyProps): JSX.Element {
  if (failed === 403) return <section class="empty"><span class="mark"><Icon name="lock" /></span><h2>{ot('orders.forbidden')}</h2></section>;
  if (failed !== null && page === null) {
    return (
      <section class="empty" role="alert">
        <span class="mark"><Icon name="warning" /></span>
        <h2>{ot('orders.failed')}</h2>
        <button type="button" class="button" onClick={onRetry}>{t('app.retry')}</button>
      </section>
    );
  }
  if (page === null) return <section class="empty"><div class="spinner" role="status" aria-label={t('app.loading')} /></section>;
  if (page.orders.length === 0) {
    const searched = question.text.trim() !== '';
    return (
      <section class="empty">
        <span class="mark"><Icon name={searched ? 'search' : 'inbox'} /></span>
        <h2>{ot(searched ? 'orders.empty_search' : 'orders.empty')}</h2>
        <p>{ot(searched ? 'orders.empty_search_hint' : 'orders.empty_hint')}</p>
      </section>
    );
  }
  return (
    <>
      {failed !== null && <p class="outcome" data-bad="true" role="alert"><Icon name="offline" /><span>{ot('orders.failed')}</span></p>}
      <OrderList orders={page.orders} chosen={chosen} onChoose={onChoose} />
      {page.total > page.orders.length && <p class="quiet orders-cut">{ot('orders.cut', { count: page.orders.length })}</p>}
    </>
  );
}
