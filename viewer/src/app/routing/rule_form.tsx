/** The dialog in which a forwarding rule is made or changed. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { ApiError } from '../api';
import { Dialog } from '../controls/dialog';
import { noticeSignedOut } from '../session';
import { type Machine, type Route, type Rule, saveRoute } from './api';
import { DAYS } from './rule_text';
import { rt } from './texts';

interface RuleFormProps {
  /** Undefined: a new one. */
  readonly route: Route | undefined;
  readonly machines: readonly Machine[];
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

const NEW: Rule = {
  name: '', destinations: [], enabled: true, confirm: false, source_ae_titles: [], modalities: [], description: '',
  received_hours: '', received_days: '', send_hours: '',
};

export function RuleForm({ route, machines, onClose, onSaved }: RuleFormProps): JSX.Element {
  const [rule, setRule] = useState<Rule>(() => ruleOf(route ?? NEW));
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const id = useId();
  const change = (part: Partial<Rule>): void => { setRule((before) => ({ ...before, ...part })); setProblem(''); };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const wrong = problemOf(rule);
    if (wrong !== '') {
      setProblem(wrong);
      return;
    }
    setBusy(true);
    saveRoute(route?.id ?? null, rule).then(onSaved, (reason: unknown) => {
      if (noticeSignedOut(reason)) return;
      setProblem(rt('routes.failed', { reason: reason instanceof ApiError ? reason.detail ?? String(reason.status) : '' }));
    }).finally(() => setBusy(false));
  };
  const title = rt(route ? 'routes.form_edit' : 'routes.form_add');
  return (
    <Dialog label={title} class="rule-dialog" onClose={onClose}>
      <form class="rule-form" onSubmit={submit} noValidate>
        <h2>{title}</h2>
        <label for={`${id}-name`}>{rt('routes.name')}</label>
        <input
          id={`${id}-name`} class="field" maxLength={128} value={rule.name} placeholder={rt('routes.name_hint')} autofocus
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
        <Destinations chosen={rule.destinations} machines={machines} onChange={(destinations) => change({ destinations })} />
        <fieldset>
          <legend>{rt('routes.conditions')}</legend>
          <div class="pair">
            <Names id={`${id}-modalities`} label={rt('routes.modalities')} value={rule.modalities} onChange={(modalities) => change({ modalities })} />
            <Names id={`${id}-sources`} label={rt('routes.sources')} value={rule.source_ae_titles} onChange={(names) => change({ source_ae_titles: names })} />
          </div>
          <label for={`${id}-words`}>{rt('routes.words')}</label>
          <input
            id={`${id}-words`} class="field" maxLength={128} value={rule.description} aria-describedby={`${id}-words-hint`}
            onInput={(event) => change({ description: event.currentTarget.value })}
          />
          <p id={`${id}-words-hint`} class="hint">{rt('routes.words_hint')}</p>
          <Hours label={rt('routes.received_between')} value={rule.received_hours} onChange={(hours) => change({ received_hours: hours })} />
          <Days value={rule.received_days} onChange={(days) => change({ received_days: days })} />
        </fieldset>
        <fieldset>
          <legend>{rt('routes.sending')}</legend>
          <Hours label={rt('routes.send_between')} value={rule.send_hours} onChange={(hours) => change({ send_hours: hours })} />
          <p class="hint">{rt('routes.hours_hint')}</p>
          <label class="choice">
            <input type="checkbox" checked={rule.confirm} onChange={(event) => change({ confirm: event.currentTarget.checked })} />
            <span>{rt('routes.confirm')}</span>
          </label>
        </fieldset>
        {problem !== '' && <p class="field-error" role="alert">{problem}</p>}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="submit" class="button primary" disabled={busy}>{rt(busy ? 'routes.saving' : 'routes.save')}</button>
        </div>
      </form>
    </Dialog>
  );
}

interface DestinationsProps {
  readonly chosen: readonly string[];
  readonly machines: readonly Machine[];
  readonly onChange: (chosen: readonly string[]) => void;
}

function Destinations({ chosen, machines, onChange }: DestinationsProps): JSX.Element {
  const offered = machines.filter((one) => one.may_forward || chosen.includes(one.ae_title));
  return (
    <fieldset>
      <legend>{rt('routes.destinations')}</legend>
      {offered.length === 0 && <p class="hint">{rt('routes.no_machines')}</p>}
      <div class="choices">
        {offered.map(({ ae_title: title, description }) => (
          <label key={title} class="choice">
            <input
              type="checkbox" checked={chosen.includes(title)}
              onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, title] : chosen.filter((one) => one !== title))}
            />
            <span>{title}{description !== '' && <span class="secondary"> {description}</span>}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface NamesProps {
  readonly id: string;
  readonly label: string;
  readonly value: readonly string[];
  readonly onChange: (value: readonly string[]) => void;
}

function Names({ id, label, value, onChange }: NamesProps): JSX.Element {
  const [text, setText] = useState(value.join(', '));
  return (
    <div>
      <label for={id}>{label}</label>
      <input
        id={id} class="field" value={text} autocapitalize="characters" spellcheck={false}
        onInput={(event) => {
          setText(event.currentTarget.value);
          onChange(event.currentTarget.value.split(',').map((one) => one.trim()).filter((one) => one !== ''));
        }}
      />
    </div>
  );
}

function Hours({ label, value, onChange }: { readonly label: string; readonly value: string; readonly onChange: (hours: string) => void }): JSX.Element {
  const [from = '', to = ''] = value.split('-');
  const set = (begin: string, end: string): void => onChange(begin === '' && end === '' ? '' : `${begin}-${end}`);
  return (
    <div class="hours" role="group" aria-label={label}>
      <span>{label}</span>
      <input type="time" class="field" value={from} aria-label={label} onInput={(event) => set(event.currentTarget.value, to)} />
      <span>{rt('routes.and')}</span>
      <input type="time" class="field" value={to} aria-label={rt('routes.and')} onInput={(event) => set(from, event.currentTarget.value)} />
    </div>
  );
}

function Days({ value, onChange }: { readonly value: string; readonly onChange: (days: string) => void }): JSX.Element {
  const isOn = (day: string): boolean => value === '' || value.includes(day);
  const toggle = (day: string): void => {
    const next = DAYS.filter((one) => (one === day ? !isOn(one) : isOn(one))).join('');
    onChange(next.length === DAYS.length ? '' : next);
  };
  return (
    <div class="hours" role="group" aria-label={rt('routes.received_days')}>
      <span>{rt('routes.received_days')}</span>
      <span class="segments">
        {DAYS.map((day) => <button key={day} type="button" aria-pressed={isOn(day)} onClick={() => toggle(day)}>{rt(`day.${day}`)}</button>)}
      </span>
    </div>
  );
}

function ruleOf(found: Rule): Rule {
  const { name, destinations, enabled, confirm, source_ae_titles, modalities, description, received_hours, received_days, send_hours } = found;
  return { name, destinations, enabled, confirm, source_ae_titles, modalities, description, received_hours, received_days, send_hours };
}

function problemOf(rule: Rule): string {
  if (rule.name.trim() === '' || rule.destinations.length === 0) return rt('routes.missing');
  const half = [rule.received_hours, rule.send_hours].some((hours) => hours.startsWith('-') || hours.endsWith('-'));
  return half ? rt('routes.hours_half') : '';
}

export { ruleOf };
