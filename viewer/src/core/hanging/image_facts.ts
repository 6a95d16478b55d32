/** What an image shows, for hanging: its side, view and medium (PS3.3 C.8.11.7, C.8.11.5.1, C.7.6.16.2.8, C.7.6.4). */
import { functionalGroup, items, text } from '../attribute';
import type { ImageReference } from '../display_set';

const IMAGE_LATERALITY = '00200062';
const LATERALITY = '00200060';
const FRAME_ANATOMY_SEQUENCE = '00209071';
const FRAME_LATERALITY = '00209072';
const VIEW_POSITION = '00185101';
const VIEW_CODE_SEQUENCE = '00540220';
const CONTRAST_AGENT = '00180010';
const CONTRAST_AGENT_SEQUENCE = '00180012';
const CODE_VALUE = '00080100';

/** Codes of View Code Sequence in SNOMED CT and the older SNOMED RT (PS3.16 CID 4014, CID 4010). */
const VIEW_CODES: Readonly<Record<string, string>> = {
  399162004: 'CC', 'R-10242': 'CC',
  399368009: 'MLO', 'R-10226': 'MLO',
  399260004: 'ML', 'R-10224': 'ML',
  399352003: 'LM', 'R-10228': 'LM',
  399348003: 'AP', 'R-10206': 'AP', 272479007: 'PA', 'R-10214': 'PA',
};

/** `L` or `R`; empty for both or unknown. */
export function lateralityOf({ instance, frame }: ImageReference): string {
  const anatomy = functionalGroup(instance, frame, FRAME_ANATOMY_SEQUENCE);
  const stated = [anatomy ? text(anatomy, FRAME_LATERALITY) : '', text(instance, IMAGE_LATERALITY), text(instance, LATERALITY)].find((one) => one !== '');
  return stated === 'L' || stated === 'R' ? stated : '';
}

/** View Position, else the view that View Code Sequence names; empty when neither says. */
export function viewOf({ instance }: ImageReference): string {
  const stated = text(instance, VIEW_POSITION).toUpperCase();
  if (stated !== '') return stated;
  const [code] = items(instance, VIEW_CODE_SEQUENCE);
  return (code && VIEW_CODES[text(code, CODE_VALUE)]) ?? '';
}

/** The header names a contrast medium. */
export function hasContrast({ instance }: ImageReference): boolean {
  return !/^(none|no|khong)?$/i.test(text(instance, CONTRAST_AGENT).trim()) || items(instance, CONTRAST_AGENT_SEQUENCE).length > 0;
}
