/** Whether the pixels themselves may name the patient (Burned In Annotation, PS3.3 C.7.6.1.1.2). */
import { text } from '../../../core/attribute';
import type { DicomInstance } from '../../../core/display_set';

const BURNED_IN_ANNOTATION = '00280301';
const SOP_CLASS_UID = '00080016';
const MODALITY = '00080060';
/** Machines and programs that write on their images; of all others it is not expected. */
const WRITING_MODALITIES = new Set(['US', 'IVUS', 'SC', 'OT', 'XC', 'ES', 'GM', 'SM', 'OP', 'HC', 'DOC', 'BMD', 'OPT', 'ECG', 'HD']);
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

/** `yes` as the header says, `perhaps` where it says nothing and such images often do, else `no`. */
export function burnedIn(instance: DicomInstance): 'yes' | 'perhaps' | 'no' {
  const stated = text(instance, BURNED_IN_ANNOTATION).toUpperCase();
  if (stated === 'YES') return 'yes';
  if (stated === 'NO') return 'no';
  const captured = text(instance, SOP_CLASS_UID);
  const often = captured === SECONDARY_CAPTURE || captured.startsWith(`${SECONDARY_CAPTURE}.`) || WRITING_MODALITIES.has(text(instance, MODALITY));
  return often ? 'perhaps' : 'no';
}
