/** A patient without a study here, typed by hand: the film becomes a study of its own. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { personName } from '../../i18n/person_name';
import type { FilmDetail, NewStudy } from './api';
import { tt } from './texts';

const FIELDS = [
  { name: 'patient_name', label: 'tray.patient_name', longest: 64, needed: true },
  { name: 'patient_id', label: 'tray.patient_id', longest: 64, needed: true },
  { name: 'patient_birth_date', label: 'tray.birth_date', longest: 10, needed: false },
  { name: 'patient_sex', label: 'tray.sex', longest: 1, needed: false },
  { name: 'accession_number', label: 'tray.accession', longest: 16, needed: false },
  { name: 'study_description', label: 'tray.description', longest: 64, needed: false },
] as const;
const SEXES = ['M', 'F', 'O'] as const;

type FieldName = (typeof FIELDS)[number]['name'];

interface PatientFormProps {
  readonly film: FilmDetail;
  readonly onFile: (study: NewStudy, name: string) => Promise<void>;
}

export function PatientForm({ film, onFile }: PatientFormProps): JSX.Element {
  const { proposal } = film;
  const [values, setValues] = useState<Readonly<Record<FieldName, string>>>({
    patient_name: personName(proposal.patient_name), patient_id: proposal.patient_id, patient_birth_date: '', patient_sex: '',
    accession_number: proposal.accession_number, study_description: '',
  });
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const change = (name: FieldName, value: string): void => setValues((before) => ({ ...before, [name]: value }));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (FIELDS.some((field) => field.needed && values[field.name].trim() === '')) return;
    setBusy(true);
    const study = { ...values, patient_birth_date: values.patient_birth_date.replaceAll('-', '') };
    void onFile(study, values.patient_name.trim()).finally(() => setBusy(false));
  };
  return (
    <form class="patient-form" onSubmit={submit} noValidate>
      <p class="quiet">{tt('tray.patient_lead')}</p>
      {FIELDS.map(({ name, label, longest, needed }) => {
        const missing = checked && needed && values[name].trim() === '';
        const own = `${id}-${name}`;
        const common = {
          id: own, class: 'field', value: values[name], required: needed, 'aria-invalid': missing, autocomplete: 'off',
          'aria-describedby': missing ? `${own}-missing` : undefined,
          onInput: (event: InputEvent & { readonly currentTarget: HTMLInputElement }) => change(name, event.currentTarget.value),
        } as const;
        return (
          <div key={name} class="patient-field" data-name={name}>
            <label for={own}>{tt(label)}</label>
            {name === 'patient_sex'
              ? (
                <select id={own} class="field" value={values[name]} onChange={(event) => change(name, event.currentTarget.value)}>
                  <option value="">{tt('tray.sex_unknown')}</option>
                  {SEXES.map((sex) => <option key={sex} value={sex}>{t(`sex.${sex}`)}</option>)}
                </select>
              )
              : name === 'patient_birth_date' ? <input type="date" {...common} /> : <input type="text" maxLength={longest} {...common} />}
            {missing && <p id={`${own}-missing`} class="field-error" role="alert">{tt('tray.missing')}</p>}
          </div>
        );
      })}
      <button type="submit" class="button primary" disabled={busy}>{tt(busy ? 'tray.filing' : 'tray.make')}</button>
    </form>
  );
}
