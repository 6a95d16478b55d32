/** An order while somebody fills in its form, and the order it becomes. */
import { personName } from '../../i18n/person_name';
import type { Order, OrderBody, OrderFields, Step, StepFields } from './api';

export interface StepDraft extends Omit<StepFields, 'scheduled_procedure_step_start_date' | 'scheduled_procedure_step_start_time'> {
  /** `YYYY-MM-DD` and `HH:MM`, as the browser's own fields have them. */
  readonly date: string;
  readonly time: string;
}

export interface Draft extends Omit<OrderFields, 'patient_birth_date'> {
  readonly birthDate: string;
  readonly steps: readonly StepDraft[];
}

export type Missing = 'patient_name' | 'patient_id' | 'requested_procedure_description' | 'modality' | 'date';

const NO_STEP: Omit<StepDraft, 'date' | 'time'> = {
  modality: '', scheduled_station_ae_titles: [], scheduled_performing_physician_name: '', scheduled_procedure_step_description: '',
  scheduled_protocol_code: null, scheduled_procedure_step_id: '', scheduled_station_name: '', scheduled_procedure_step_location: '',
  pre_medication: '', comments_on_the_scheduled_procedure_step: '', requested_contrast_agent: '',
};

const two = (value: number): string => String(value).padStart(2, '0');

/** A step for the next quarter of an hour. */
export function newStep(now: Date): StepDraft {
  const next = new Date(now.getTime() + 15 * 60_000);
  next.setMinutes(Math.floor(next.getMinutes() / 15) * 15);
  return {
    ...NO_STEP,
    date: `${String(next.getFullYear())}-${two(next.getMonth() + 1)}-${two(next.getDate())}`,
    time: `${two(next.getHours())}:${two(next.getMinutes())}`,
  };
}

export function newDraft(now: Date): Draft {
  return {
    patient_name: '', patient_id: '', issuer_of_patient_id: '', birthDate: '', patient_sex: '', patient_weight: '', medical_alerts: '',
    allergies: '', pregnancy_status: '', special_needs: '', admission_id: '', current_patient_location: '', accession_number: '',
    referring_physician_name: '', requesting_physician: '', requesting_service: '', study_instance_uid: '', requested_procedure_id: '',
    requested_procedure_description: '', requested_procedure_code: null, requested_procedure_priority: 'ROUTINE',
    reason_for_the_requested_procedure: '', requested_procedure_comments: '', steps: [newStep(now)],
  };
}

/** The form of an order that is there; names as people read them. */
export function draftOf(order: Order): Draft {
  const { patient_birth_date: born, steps, ...rest } = order;
  return {
    ...fieldsOf(rest),
    patient_name: personName(order.patient_name),
    referring_physician_name: personName(order.referring_physician_name),
    birthDate: dateField(born),
    steps: steps.map(stepDraftOf),
  };
}

function stepDraftOf(step: Step): StepDraft {
  const { scheduled_procedure_step_start_date: date, scheduled_procedure_step_start_time: time } = step;
  const names = Object.keys(NO_STEP) as (keyof typeof NO_STEP)[];
  const fields = Object.fromEntries(names.map((name) => [name, step[name]])) as unknown as typeof NO_STEP;
  return { ...fields, date: dateField(date), time: time === '' ? '' : `${time.slice(0, 2)}:${time.slice(2, 4)}` };
}

type WithoutDate = Omit<OrderFields, 'patient_birth_date'>;

/** An order without what the server alone says of it. */
function fieldsOf(order: WithoutDate): WithoutDate {
  const empty = newDraft(new Date(0));
  const names = Object.keys(empty).filter((name) => name !== 'steps' && name !== 'birthDate') as (keyof WithoutDate)[];
  return Object.fromEntries(names.map((name) => [name, order[name]])) as unknown as WithoutDate;
}

function dateField(stored: string): string {
  return stored.length === 8 ? `${stored.slice(0, 4)}-${stored.slice(4, 6)}-${stored.slice(6)}` : '';
}

/**
 * A name as somebody types it, as DICOM stores it: the family name, which is first in Vietnamese, then the others.
 * What has carets already stays; so does a name that was not touched.
 */
export function storedName(typed: string, before = ''): string {
  const text = typed.trim().replace(/\s+/g, ' ');
  if (before !== '' && text === personName(before)) return before;
  return text.includes('^') ? text : text.replace(' ', '^');
}

/** The order of a form; `before`: the order that is changed by it. */
export function bodyOf(draft: Draft, before?: Order): OrderBody {
  const { birthDate, steps, ...rest } = draft;
  return {
    ...rest,
    patient_name: storedName(draft.patient_name, before?.patient_name),
    referring_physician_name: storedName(draft.referring_physician_name, before?.referring_physician_name),
    patient_birth_date: birthDate.replaceAll('-', ''),
    steps: steps.map(({ date, time, ...step }) => ({
      ...step,
      scheduled_procedure_step_description: step.scheduled_procedure_step_description || draft.requested_procedure_description.slice(0, 64),
      scheduled_procedure_step_start_date: date.replaceAll('-', ''),
      scheduled_procedure_step_start_time: time.replaceAll(':', ''),
    })),
  };
}

/** What has to be filled in still; of a step by its number. */
export function missingIn(draft: Draft): readonly (readonly [Missing, number])[] {
  const needed = (['patient_name', 'patient_id', 'requested_procedure_description'] as const).filter((name) => draft[name].trim() === '');
  const ofSteps = draft.steps.flatMap((step, number) => [
    ...(step.modality === '' ? [['modality', number] as const] : []),
    ...(step.date === '' ? [['date', number] as const] : []),
  ]);
  return [...needed.map((name) => [name, 0] as const), ...ofSteps];
}
