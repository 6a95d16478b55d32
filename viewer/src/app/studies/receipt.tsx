/** The receipt of the chosen study: how many images are received, durable, in the object store and committed. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { formatNumber, plural, t } from '../../i18n/locale';
import '../../i18n/pages';
import { formatBytes } from '../../i18n/quantities';
import { type Receipt, readReceipt, type Study } from '../api';
import { Icon } from '../icons';
import { followReceipt } from '../live';
import { noticeSignedOut } from '../session';
import { visible } from '../visibility';
import { onTheWay, type Step, stepsOf } from './receipt_steps';

/** As with the series: running over rows asks for nothing. */
const REST_MS = 180;

type Loaded = Receipt | 'loading' | 'failed';

/** The receipt, kept up to date: by an event stream while something is on its way, and read anew when images come. */
function useReceipt({ study_instance_uid: uid, number_of_instances: count, arriving }: Study): Loaded {
  const [loaded, setLoaded] = useState<Loaded>('loading');
  const shown = visible.value;
  const moving = typeof loaded === 'object' && onTheWay(loaded) > 0;
  const live = shown && (arriving || moving);
  useEffect(() => setLoaded('loading'), [uid]);
  useEffect(() => {
    if (!shown) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      readReceipt(uid, abort.signal).then(setLoaded, (reason: unknown) => {
        if (!abort.signal.aborted && !noticeSignedOut(reason)) setLoaded((before) => (typeof before === 'object' ? before : 'failed'));
      });
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [uid, shown, arriving ? -1 : count]);
  useEffect(() => {
    if (!live) return undefined;
    let stop = (): void => undefined;
    const timer = setTimeout(() => { stop = followReceipt(uid, setLoaded); }, REST_MS);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [uid, live]);
  return loaded;
}

export function StudyReceipt({ study }: { readonly study: Study }): JSX.Element {
  const loaded = useReceipt(study);
  const receipt = typeof loaded === 'object' ? loaded : null;
  return (
    <section class="receipt" aria-label={t('receipt.title')} aria-busy={loaded === 'loading'} data-settled={receipt !== null && onTheWay(receipt) === 0}>
      <h3>{t('receipt.title')}</h3>
      {loaded === 'failed' && <p class="quiet" role="alert">{t('receipt.failed')}</p>}
      <ol class="receipt-steps">
        {(receipt ? stepsOf(receipt) : []).map((step) => <StepItem key={step.name} step={step} />)}
      </ol>
      {receipt && <Verdict receipt={receipt} />}
      {receipt && <Times receipt={receipt} />}
    </section>
  );
}

function StepItem({ step }: { readonly step: Step }): JSX.Element {
  const { name, state, instances } = step;
  return (
    <li class="receipt-step" data-step={name} data-state={state} title={t(`receipt.${name}_hint`)}>
      <span class="receipt-mark" style={{ '--part': step.part }}>{state === 'all' && <Icon name="check" />}</span>
      <span class="receipt-count number">{state === 'none' ? t('receipt.nothing') : formatNumber(instances)}</span>
      <span class="receipt-name">{t(`receipt.${name}`)}</span>
      <span class="visually-hidden">{t(`receipt.${name}_hint`)}</span>
    </li>
  );
}

function Verdict({ receipt }: { readonly receipt: Receipt }): JSX.Element {
  const left = onTheWay(receipt);
  return (
    <p class="receipt-verdict" role="status">{left === 0 ? t('receipt.safe') : plural('receipt.on_the_way', left)}</p>
  );
}

function Times({ receipt }: { readonly receipt: Receipt }): JSX.Element {
  const steps = stepsOf(receipt).filter((step) => step.state !== 'none');
  return (
    <details class="receipt-times">
      <summary>{t('receipt.times')}</summary>
      <dl class="number">
        {steps.map((step) => (
          <div key={step.name}>
            <dt>{t(`receipt.${step.name}`)}</dt>
            <dd>
              <span>{span(step)}</span>
              <span class="quiet">{[plural('count.images', step.instances), formatBytes(step.bytes)].join(' · ')}</span>
            </dd>
          </div>
        ))}
        <div>
          <dt>{t('receipt.sources')}</dt>
          <dd>
            {receipt.sources.map((source) => (
              <span key={source.ae_title}>
                {source.ae_title || t('receipt.source_web')}
                <span class="quiet"> · {[plural('count.images', source.instances), formatMoment(source.last_at)].join(' · ')}</span>
              </span>
            ))}
          </dd>
        </div>
      </dl>
    </details>
  );
}

/** From the first to the last; one moment when they are shown alike. */
function span(step: Step): string {
  const [first, last] = [step.first_at, step.last_at].map((at) => (at === null ? '' : formatMoment(at, new Date(), { seconds: true })));
  return first === last ? (first ?? '') : t('receipt.span', { first: first ?? '', last: last ?? '' });
}
