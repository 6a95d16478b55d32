/** Registering a machine, or changing what is registered of it. */
import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { ApiError, type Facility } from '../api';
import { Dialog } from '../controls/dialog';
import { noticeSignedOut } from '../session';
import { type Machine, type Machines, removeMachine, RIGHTS, saveMachine } from './api';
import { nt } from './texts';

const CHARSETS = ['utf-8', 'ascii'] as const;

export function blankMachine({ facilities }: Machines): Machine {
  return {
    ae_title: '', host: '', port: 104, facility_code: facilities[0]?.code ?? '', description: '', calls_from: '',
    may_store: true, may_query: true, may_retrieve: true, may_worklist: true, may_mpps: true, may_commit: true, may_print: true, may_forward: true,
    notify_availability: false, worklist_charset: 'utf-8', sop_classes: '', require_tls: false, call_with_tls: false, certificate_sha256: '',
    require_user: false, maximum_associations: 0, associations_per_minute: 0,
  };
}

interface FormProps {
  readonly machine: Machine;
  readonly isNew: boolean;
  readonly facilities: readonly Facility[];
  readonly onClose: () => void;
}

type TextName = 'ae_title' | 'host' | 'description' | 'calls_from' | 'sop_classes' | 'certificate_sha256';
type NumberName = 'port' | 'maximum_associations' | 'associations_per_minute';
type Edit = (change: Partial<Machine>) => void;

export function MachineForm({ machine: given, isNew, facilities, onClose }: FormProps): JSX.Element {
  const [machine, setMachine] = useState(given);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState('');
  const edit: Edit = (change) => setMachine((before) => ({ ...before, ...change }));
  const attempt = (act: () => Promise<void>): void => {
    setBusy(true);
    setRefused('');
    act().then(onClose, (reason: unknown) => {
      setBusy(false);
      if (noticeSignedOut(reason)) return;
      const said = reason instanceof ApiError && reason.status !== 0 ? reason.detail : null;
      setRefused(said === null ? nt('form.unreachable') : nt('form.refused', { reason: said }));
    });
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const { ae_title, host, certificate_sha256: sha256 } = machine;
    const tidy = { ...machine, ae_title: ae_title.trim(), host: host.trim(), certificate_sha256: sha256.replaceAll(/[\s:]/g, '').toLowerCase() };
    attempt(() => saveMachine(known(tidy), isNew));
  };
  const title = isNew ? nt('form.add_title') : nt('form.edit_title', { title: given.ae_title });
  return (
    <Dialog label={title} class="machine-dialog" onClose={onClose}>
      <form class="machine-form" onSubmit={submit}>
        <h2>{title}</h2>
        <div class="form-columns">
          <Text name="ae_title" machine={machine} edit={edit} label={nt('form.ae_title')} hint={nt('form.ae_title_hint')} required disabled={!isNew} longest={16} />
          <Text name="description" machine={machine} edit={edit} label={nt('form.description')} hint={nt('form.description_hint')} longest={200} />
          <Text name="host" machine={machine} edit={edit} label={nt('form.host')} required longest={254} />
          <Whole name="port" machine={machine} edit={edit} label={nt('form.port')} hint={nt('form.port_hint')} least={1} most={65535} />
          <FacilityField machine={machine} facilities={facilities} edit={edit} />
          <Text name="calls_from" machine={machine} edit={edit} label={nt('form.calls_from')} hint={nt('form.calls_from_hint')} longest={1000} />
        </div>
        <Switches legend={nt('form.rights')}>
          {RIGHTS.map((right) => <Switch key={right} label={nt(`right.${right}`)} on={machine[right]} onChange={(on) => edit({ [right]: on })} />)}
        </Switches>
        <Switches legend={nt('form.security')}>
          <Switch label={nt('form.require_tls')} on={machine.require_tls} onChange={(on) => edit({ require_tls: on })} />
          <Switch label={nt('form.call_with_tls')} on={machine.call_with_tls} onChange={(on) => edit({ call_with_tls: on })} />
          <Switch label={nt('form.require_user')} on={machine.require_user} onChange={(on) => edit({ require_user: on })} />
        </Switches>
        <Text name="certificate_sha256" machine={machine} edit={edit} label={nt('form.certificate_sha256')} hint={nt('form.certificate_sha256_hint')} longest={200} />
        <details>
          <summary>{nt('form.more')}</summary>
          <More machine={machine} edit={edit} />
        </details>
        {refused !== '' && <p class="field-error" role="alert">{refused}</p>}
        <div class="dialog-acts">
          {!isNew && <Remove title={given.ae_title} busy={busy} onRemove={() => attempt(() => removeMachine(given.ae_title))} />}
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="submit" class="button primary" disabled={busy}>{nt(busy ? 'form.saving' : 'form.save')}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the server takes: it also tells when a machine was registered, which nobody sets. */
function known(machine: Machine): Machine {
  const blank = blankMachine({ own_ae_title: '', machines: [], facilities: [] });
  return Object.fromEntries(Object.entries(machine).filter(([name]) => name in blank)) as unknown as Machine;
}

function More({ machine, edit }: { readonly machine: Machine; readonly edit: Edit }): JSX.Element {
  const id = useId();
  return (
    <div class="form-columns">
      <div class="form-field">
        <label for={id}>{nt('form.worklist_charset')}</label>
        <select
          id={id} class="field" value={machine.worklist_charset}
          onChange={({ currentTarget: { value } }) => edit({ worklist_charset: CHARSETS.find((one) => one === value) ?? 'utf-8' })}
        >
          {CHARSETS.map((one) => <option key={one} value={one}>{nt(`form.charset.${one}`)}</option>)}
        </select>
      </div>
      <div class="form-field form-switch-field">
        <Switch label={nt('form.notify_availability')} on={machine.notify_availability} onChange={(on) => edit({ notify_availability: on })} />
      </div>
      <Whole name="maximum_associations" machine={machine} edit={edit} label={nt('form.maximum_associations')} hint={nt('form.no_limit')} least={0} most={10000} />
      <Whole name="associations_per_minute" machine={machine} edit={edit} label={nt('form.associations_per_minute')} hint={nt('form.no_limit')} least={0} most={10000} />
      <Text name="sop_classes" machine={machine} edit={edit} label={nt('form.sop_classes')} hint={nt('form.sop_classes_hint')} longest={8000} />
    </div>
  );
}

interface FieldProps<Name> {
  readonly name: Name;
  readonly machine: Machine;
  readonly edit: Edit;
  readonly label: string;
  readonly hint?: string;
}

interface TextProps extends FieldProps<TextName> {
  readonly longest: number;
  readonly required?: boolean;
  readonly disabled?: boolean;
}

function Text({ name, machine, edit, label, hint, longest, required = false, disabled = false }: TextProps): JSX.Element {
  const id = useId();
  return (
    <div class="form-field">
      <label for={id}>{label}</label>
      <input
        id={id} name={name} class="field" type="text" autocomplete="off" spellcheck={false} value={machine[name]} maxLength={longest} required={required}
        disabled={disabled} aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => edit({ [name]: event.currentTarget.value })}
      />
      {hint !== undefined && <span id={`${id}-hint`} class="secondary">{hint}</span>}
    </div>
  );
}

interface WholeProps extends FieldProps<NumberName> {
  readonly least: number;
  readonly most: number;
}

function Whole({ name, machine, edit, label, hint, least, most }: WholeProps): JSX.Element {
  const id = useId();
  return (
    <div class="form-field">
      <label for={id}>{label}</label>
      <input
        id={id} name={name} class="field number" type="number" inputMode="numeric" value={machine[name]} min={least} max={most} required
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => edit({ [name]: Number.parseInt(event.currentTarget.value, 10) || 0 })}
      />
      {hint !== undefined && <span id={`${id}-hint`} class="secondary">{hint}</span>}
    </div>
  );
}

function FacilityField({ machine, facilities, edit }: { readonly machine: Machine; readonly facilities: readonly Facility[]; readonly edit: Edit }): JSX.Element {
  const id = useId();
  return (
    <div class="form-field">
      <label for={id}>{nt('form.facility')}</label>
      <select id={id} name="facility_code" class="field" value={machine.facility_code} onChange={(event) => edit({ facility_code: event.currentTarget.value })}>
        {facilities.map(({ code, name }) => <option key={code} value={code}>{name === '' ? code : `${code} · ${name}`}</option>)}
      </select>
    </div>
  );
}

function Switches({ legend, children }: { readonly legend: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <fieldset class="form-switches">
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

function Switch({ label, on, onChange }: { readonly label: string; readonly on: boolean; readonly onChange: (on: boolean) => void }): JSX.Element {
  return (
    <label class="form-switch">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

function Remove({ title, busy, onRemove }: { readonly title: string; readonly busy: boolean; readonly onRemove: () => void }): JSX.Element {
  const [sure, setSure] = useState(false);
  return (
    <button type="button" class={sure ? 'button danger solid' : 'button danger'} disabled={busy} onClick={() => { if (sure) onRemove(); else setSure(true); }}>
      {sure ? nt('form.remove_ask', { title }) : nt('form.remove')}
    </button>
  );
}
