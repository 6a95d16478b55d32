/** The form of an order: few fields in sight, the rest folded away. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { ApiError } from '../api';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { changeOrder, type Choices, createOrder, type Order, readChoices } from './api';
import { bodyOf, type Draft, draftOf, type Missing, missingIn, newDraft, newStep, type StepDraft } from './draft';
import { ot } from './texts';

const MODALITIES = ['CT', 'MR', 'DX', 'CR', 'US', 'MG', 'XA', 'RF', 'NM', 'PT', 'ES', 'ECG'] as const;
const PRIORITIES = ['ROUTINE', 'HIGH', 'STAT'] as const;
const SEXES = ['M', 'F', 'O'] as const;
const PREGNANCY = ['', '1', '2', '3', '4'] as const;

interface OrderFormProps {
  /** Undefined: a new one. */
  readonly order: Order | undefined;
  readonly onClose: () => void;
  readonly onSaved: (order: Order) => void;
}

export function OrderForm({ order, onClose, onSaved }: OrderFormProps): JSX.Element {
  const [draft, setDraft] = useState<Draft>(() => (order ? draftOf(order) : newDraft(new Date())));
  const [choices, setChoices] = useState<Choices>({ stations: [], priorities: [] });
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState('');
  const missing = tried ? missingIn(draft) : [];
  useEffect(() => {
    readChoices().then(setChoices, () => undefined); // without it, any machine
  }, []);
  const change = (changes: Partial<Draft>): void => setDraft((before) => ({ ...before, ...changes }));
  const changeStep = (number: number, changes: Partial<StepDraft>): void => setDraft((before) => ({
    ...before, steps: before.steps.map((step, position) => (position === number ? { ...step, ...changes } : step)),
  }));
  const wrong = (name: Missing, number = 0): string => (missing.some(([one, of]) => one === name && of === number) ? ot(`orders.missing.${name}`) : '');
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setRefused('');
    if (missingIn(draft).length > 0) return;
    setBusy(true);
    try {
      onSaved(await (order ? changeOrder(order.id, order.version, bodyOf(draft, order)) : createOrder(bodyOf(draft))));
    } catch (reason) {
      if (noticeSignedOut(reason)) return;
      const detail = reason instanceof ApiError ? reason.detail : null;
      setRefused(detail === null ? ot('orders.act_failed') : ot('orders.form.refused', { reason: detail }));
    } finally {
      setBusy(false);
    }
  };
  const title = ot(order ? 'orders.form.edit' : 'orders.form.new');
  return (
    <Dialog label={title} class="order-dialog" onClose={onClose}>
      <form class="order-form" onSubmit={(event) => void submit(event)} noValidate>
        <header>
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}><Icon name="close" /></button>
        </header>
        <div class="order-fields">
          <fieldset>
            <legend>{ot('orders.form.patient')}</legend>
            <TextField label={ot('orders.field.patient_name')} value={draft.patient_name} wide focus wrong={wrong('patient_name')} most={64} onChange={(patient_name) => change({ patient_name })} />
            <TextField label={ot('orders.field.patient_id')} value={draft.patient_id} wrong={wrong('patient_id')} most={64} onChange={(patient_id) => change({ patient_id })} />
            <TextField label={ot('orders.field.birth_date')} value={draft.birthDate} type="date" onChange={(birthDate) => change({ birthDate })} />
            <Picks label={ot('orders.field.sex')} chosen={[draft.patient_sex]} options={SEXES.map((sex) => [sex, ot(`orders.sex.${sex}`)])} onPick={(sex) => change({ patient_sex: sex === draft.patient_sex ? '' : sex })} />
          </fieldset>
          <fieldset>
            <legend>{ot('orders.form.procedure')}</legend>
            <TextField label={ot('orders.field.description')} value={draft.requested_procedure_description} wide wrong={wrong('requested_procedure_description')} most={64} onChange={(value) => change({ requested_procedure_description: value })} />
            <Picks label={ot('orders.field.priority')} chosen={[draft.requested_procedure_priority]} options={PRIORITIES.map((one) => [one, ot(`orders.priority.${one}`)])} onPick={(value) => change({ requested_procedure_priority: value })} />
            <TextField label={ot('orders.field.accession')} value={draft.accession_number} hint={order ? '' : ot('orders.form.made')} most={16} onChange={(accession_number) => change({ accession_number })} />
          </fieldset>
          {draft.steps.map((step, number) => (
            <StepFieldset
              key={number} step={step} number={draft.steps.length > 1 ? number + 1 : 0} choices={choices} onChange={(changes) => changeStep(number, changes)}
              wrongModality={wrong('modality', number)} wrongDate={wrong('date', number)}
              onRemove={() => change({ steps: draft.steps.filter((_, position) => position !== number) })}
            />
          ))}
          <button type="button" class="button small order-add" onClick={() => change({ steps: [...draft.steps, newStep(new Date())] })}>{ot('orders.form.add_step')}</button>
          <fieldset>
            <legend>{ot('orders.form.from')}</legend>
            <TextField label={ot('orders.field.department')} value={draft.requesting_service} most={64} onChange={(requesting_service) => change({ requesting_service })} />
            <TextField label={ot('orders.field.referrer')} value={draft.referring_physician_name} most={64} onChange={(referring_physician_name) => change({ referring_physician_name })} />
            <TextField label={ot('orders.field.reason')} value={draft.reason_for_the_requested_procedure} wide most={64} onChange={(value) => change({ reason_for_the_requested_procedure: value })} />
          </fieldset>
          <MoreFields draft={draft} change={change} />
        </div>
        {refused !== '' && <p class="outcome" data-bad="true" role="alert"><Icon name="warning" /><span>{refused}</span></p>}
        <footer class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="submit" class="button primary" disabled={busy}>{ot(busy ? 'orders.form.saving' : order ? 'orders.form.save' : 'orders.form.create')}</button>
        </footer>
      </form>
    </Dialog>
  );
}

function MoreFields({ draft, change }: { readonly draft: Draft; readonly change: (changes: Partial<Draft>) => void }): JSX.Element {
  const id = useId();
  return (
    <details class="order-more">
      <summary>{ot('orders.form.more')}</summary>
      <fieldset>
        <TextField label={ot('orders.field.weight')} value={draft.patient_weight} most={8} onChange={(value) => change({ patient_weight: value.replace(',', '.') })} />
        <div class="order-field">
          <label for={id}>{ot('orders.field.pregnancy')}</label>
          <select id={id} class="field" value={draft.pregnancy_status} onChange={(event) => change({ pregnancy_status: event.currentTarget.value })}>
            {PREGNANCY.map((one) => <option key={one} value={one}>{ot(`orders.pregnancy.${one}`)}</option>)}
          </select>
        </div>
        <TextField label={ot('orders.field.allergies')} value={draft.allergies} most={64} onChange={(allergies) => change({ allergies })} />
        <TextField label={ot('orders.field.alerts')} value={draft.medical_alerts} most={64} onChange={(medical_alerts) => change({ medical_alerts })} />
        <TextField label={ot('orders.field.location')} value={draft.current_patient_location} most={64} onChange={(current_patient_location) => change({ current_patient_location })} />
        <TextField label={ot('orders.field.comments')} value={draft.requested_procedure_comments} most={1000} onChange={(value) => change({ requested_procedure_comments: value })} />
      </fieldset>
    </details>
  );
}

interface StepFieldsetProps {
  readonly step: StepDraft;
  /** 0: the only one. */
  readonly number: number;
  readonly choices: Choices;
  readonly wrongModality: string;
  readonly wrongDate: string;
  readonly onChange: (changes: Partial<StepDraft>) => void;
  readonly onRemove: () => void;
}

function StepFieldset({ step, number, choices, wrongModality, wrongDate, onChange, onRemove }: StepFieldsetProps): JSX.Element {
  const stations = step.scheduled_station_ae_titles;
  const known = choices.stations.map(({ ae_title }) => ae_title);
  const offered = [...choices.stations, ...stations.filter((one) => !known.includes(one)).map((ae_title) => ({ ae_title, description: '' }))];
  const modalities = MODALITIES.some((one) => one === step.modality) || step.modality === '' ? MODALITIES : [...MODALITIES, step.modality];
  const pickStation = (title: string): void => onChange({
    scheduled_station_ae_titles: title === '' ? [] : stations.includes(title) ? stations.filter((one) => one !== title) : [...stations, title],
  });
  return (
    <fieldset class="order-step">
      {number > 0 && <legend>{ot('orders.form.step', { number })}</legend>}
      <Picks label={ot('orders.field.modality')} wide chosen={[step.modality]} wrong={wrongModality} options={modalities.map((one) => [one, one])} onPick={(modality) => onChange({ modality })} />
      <TextField label={ot('orders.field.date')} value={step.date} type="date" wrong={wrongDate} onChange={(date) => onChange({ date })} />
      <TextField label={ot('orders.field.time')} value={step.time} type="time" onChange={(time) => onChange({ time })} />
      <Picks
        label={ot('orders.field.machine')} wide chosen={stations.length === 0 ? [''] : stations} onPick={pickStation}
        options={[['', ot('orders.any_machine')], ...offered.map(({ ae_title, description }) => [ae_title, description === '' ? ae_title : `${ae_title} · ${description}`] as const)]}
      />
      {number > 0 && (
        <button type="button" class="icon-button order-remove" aria-label={ot('orders.form.remove_step', { number })} title={ot('orders.form.remove_step', { number })} onClick={onRemove}>
          <Icon name="remove" />
        </button>
      )}
    </fieldset>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly type?: 'text' | 'date' | 'time';
  readonly wide?: boolean;
  readonly focus?: boolean;
  readonly most?: number;
  readonly hint?: string;
  readonly wrong?: string;
  readonly onChange: (value: string) => void;
}

function TextField({ label, value, type = 'text', wide = false, focus = false, most, hint = '', wrong = '', onChange }: TextFieldProps): JSX.Element {
  const id = useId();
  const common = {
    id, class: 'field', value, autocomplete: 'off', 'aria-invalid': wrong !== '', 'aria-describedby': wrong === '' ? undefined : `${id}-wrong`,
    onInput: (event: { readonly currentTarget: HTMLInputElement }): void => onChange(event.currentTarget.value),
  };
  return (
    <div class="order-field" data-wide={wide}>
      <label for={id}>{label}</label>
      {type === 'text'
        ? <input {...common} type="text" maxLength={most} spellcheck={false} autofocus={focus} placeholder={hint} />
        : <input {...common} type={type} />}
      {wrong !== '' && <p id={`${id}-wrong`} class="field-error" role="alert">{wrong}</p>}
    </div>
  );
}

interface PicksProps {
  readonly label: string;
  readonly options: readonly (readonly [string, ComponentChildren])[];
  readonly chosen: readonly string[];
  readonly wide?: boolean;
  readonly wrong?: string;
  readonly onPick: (value: string) => void;
}

function Picks({ label, options, chosen, wide = false, wrong = '', onPick }: PicksProps): JSX.Element {
  return (
    <div class="order-field" data-wide={wide}>
      <span class="order-label" aria-hidden="true">{label}</span>
      <div class="chips" role="group" aria-label={label}>
        {options.map(([value, text]) => (
          <button key={value} type="button" class="chip" aria-pressed={chosen.includes(value)} onClick={() => onPick(value)}>{text}</button>
        ))}
      </div>
      {wrong !== '' && <p class="field-error" role="alert">{wrong}</p>}
    </div>
  );
}
