/** Standardised uptake values of PET images by body weight, where the header allows them (PS3.3 C.8.9.1, C.8.9.2; QIBA). */
import { items, number, text, texts } from './attribute';
import type { DicomInstance } from './display_set';
import { Tag } from './tag';

/** Why there is no SUVbw: the header lacks something, or states what this rule does not hold for. */
export type SuvRefusal = 'units' | 'corrections' | 'decay' | 'weight' | 'dose' | 'times';

const PetTag = {
  SUVType: '00541006',
  CorrectedImage: '00280051',
  DecayCorrection: '00541102',
  PatientWeight: '00101030',
  RadiopharmaceuticalInformationSequence: '00540016',
  RadionuclideTotalDose: '00181074',
  RadionuclideHalfLife: '00181075',
  RadiopharmaceuticalStartTime: '00181072',
  RadiopharmaceuticalStartDateTime: '00181078',
  SeriesDate: '00080021',
  SeriesTime: '00080031',
  AcquisitionDate: '00080022',
  AcquisitionTime: '00080032',
} as const;

/** Milliseconds of a DT, or of a DA and a TM; null when it is none. Offsets are left out: both ends are of one machine. */
function moment(value: string): number | null {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(\.\d+)?/.exec(value);
  if (!match) return null;
  const [, year, month, day, hour, minute, second = '0', fraction = '0'] = match;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) + Number(fraction) * 1000;
}

function dated(instance: DicomInstance, date: string, time: string): number | null {
  return moment(`${text(instance, date)}${text(instance, time)}`);
}

const DAY = 86_400_000;

/** Seconds from the injection to the moment the pixels are corrected to; null when the header does not say. */
function decaySeconds(instance: DicomInstance, agent: DicomInstance): number | null {
  const reference = dated(instance, PetTag.SeriesDate, PetTag.SeriesTime);
  const acquired = dated(instance, PetTag.AcquisitionDate, PetTag.AcquisitionTime);
  // A series rewritten after the acquisition has a time of its own, to which nothing was corrected.
  if (reference === null || (acquired !== null && acquired < reference)) return null;
  const stated = moment(text(agent, PetTag.RadiopharmaceuticalStartDateTime));
  const ofDay = moment(`${text(instance, PetTag.SeriesDate)}${text(agent, PetTag.RadiopharmaceuticalStartTime)}`);
  // Only a time: of that day, or of the day before when it would lie after the scan.
  const injected = stated ?? (ofDay !== null && ofDay > reference ? ofDay - DAY : ofDay);
  if (injected === null || injected > reference || reference - injected > DAY) return null;
  return (reference - injected) / 1000;
}

/** Bq that are left of the dose at the moment the pixels are corrected to. */
function dose(instance: DicomInstance): number | { readonly refused: SuvRefusal } {
  const [agent] = items(instance, PetTag.RadiopharmaceuticalInformationSequence);
  const total = agent ? number(agent, PetTag.RadionuclideTotalDose) : null;
  if (!agent || total === null || total <= 0) return { refused: 'dose' };
  const correction = text(instance, PetTag.DecayCorrection);
  if (correction === 'ADMIN') return total;
  if (correction !== 'START') return { refused: 'decay' };
  const halfLife = number(agent, PetTag.RadionuclideHalfLife);
  if (halfLife === null || halfLife <= 0) return { refused: 'dose' };
  const seconds = decaySeconds(instance, agent);
  return seconds === null ? { refused: 'times' } : total * 2 ** (-seconds / halfLife);
}

/**
 * The factor from modality values to SUVbw (g/ml), or why there is none; null for an image that is not of PET.
 * Bq/ml × body weight in g ÷ the dose left in Bq.
 */
export function suvScale(instance: DicomInstance): { readonly factor: number } | { readonly refused: SuvRefusal } | null {
  if (text(instance, Tag.Modality) !== 'PT') return null;
  const units = text(instance, Tag.Units);
  if (units === 'GML') return ['', 'BW'].includes(text(instance, PetTag.SUVType)) ? { factor: 1 } : { refused: 'units' };
  if (units !== 'BQML') return { refused: 'units' };
  const corrected = texts(instance, PetTag.CorrectedImage);
  if (!corrected.includes('ATTN') || !corrected.includes('DECY')) return { refused: 'corrections' };
  const weight = number(instance, PetTag.PatientWeight);
  if (weight === null || weight <= 0) return { refused: 'weight' };
  const left = dose(instance);
  return typeof left === 'number' ? { factor: (weight * 1000) / left } : left;
}
