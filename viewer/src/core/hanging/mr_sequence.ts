/** What an MR series is weighted for, as its description says, and the order in which series are read; both as data. */

export type MrSequence = 'T1' | 'T1_POST' | 'T2' | 'FLAIR' | 'STIR' | 'PD' | 'DWI' | 'ADC' | 'SWI' | 'MRA' | 'PERFUSION';
export type MrPlane = 'axial' | 'coronal' | 'sagittal';

/** The first that is found counts: a FLAIR is also called T2, an ADC map is of a diffusion. Words are unaccented, lower case. */
const SEQUENCE_WORDS: readonly (readonly [MrSequence, RegExp])[] = [
  ['ADC', /\be?adc|apparent diffusion/],
  ['PERFUSION', /perf|\bdsc|\bdce|\basl\b|\br?cb[vf]\b|\bmtt\b|tuoi mau/],
  ['DWI', /dwi|diff|\bdti\b|trace|\bb ?(?:[5-9]00|1[0-9]00|2000)\b|khuech tan/],
  ['SWI', /\bswi|\bswan|\bt2 ?\*|t2 ?star|\bhemo|\bvenobold|phase mag|nhay tu/],
  ['MRA', /\btof|\bmra\b|\bmrv\b|angio|inflow|mach mau/],
  ['FLAIR', /flair|dark ?fluid|\btirm\b.*\bt2|\bt2.*\btirm\b/],
  ['STIR', /stir|\btirm\b/],
  ['T1', /\bt1|mprage|mp2rage|bravo|spgr|vibe|lava|thrive/],
  ['T2', /\bt2|ciss|fiesta|haste|ssfse|mrcp|xung t2/],
  ['PD', /\bpd|proton|\bdp\b/],
];

/** That the contrast medium is in, unless it is said that it is not. */
const POST = /\+ ?c\b|\bc ?\+|\bgd\b|gado|\bpost\b|contrast|\bce\b|tiem|can quang|sau thuoc/;
const NOT_POST = /\bpre\b|\bw\/?o (?:con|gd|c\b)|\bwithout (?:con|gd)|non ?con|\bno con|(?:truoc|khong|chua)(?: co)? (?:tiem|thuoc|can quang|c\b)/;

const PLANE_WORDS: readonly (readonly [MrPlane, RegExp])[] = [
  ['axial', /\btra|\bax|\bcat ngang/], ['coronal', /\bcor|\bdung ngang/], ['sagittal', /\bsag|\bdung doc/],
];

/** The order of reading by Body Part Examined (PS3.16 Annex L); the last holds for every other. */
const ORDERS: readonly { readonly bodyParts: RegExp; readonly order: readonly MrSequence[] }[] = [
  { bodyParts: /SPINE|CSPINE|TSPINE|LSPINE|SSPINE/, order: ['T2', 'T1', 'STIR', 'T1_POST', 'DWI', 'ADC'] },
  { bodyParts: /KNEE|SHOULDER|HIP|ANKLE|WRIST|ELBOW|FOOT|HAND|EXTREMITY/, order: ['PD', 'T1', 'T2', 'STIR', 'T1_POST'] },
  { bodyParts: /PROSTATE|PELVIS|ABDOMEN|LIVER|UTERUS|BREAST/, order: ['T2', 'DWI', 'ADC', 'T1', 'T1_POST', 'STIR'] },
  { bodyParts: /./s, order: ['T1', 'T2', 'FLAIR', 'DWI', 'ADC', 'T1_POST', 'SWI', 'STIR', 'PD', 'MRA', 'PERFUSION'] },
];

/** What is known of an MR series before its images are read. */
export interface MrFacts {
  /** Unaccented, lower case. */
  readonly description: string;
  /** Its header names a contrast medium (Contrast/Bolus Agent, PS3.3 C.7.6.4); false also where nobody looked. */
  readonly contrast: boolean;
}

const spaced = (description: string): string => description.replace(/[_\-.,;()[\]:]+/g, ' ');

/** That the description speaks of the medium: true with it, false without it, null says nothing. */
export function statedContrast(description: string): boolean | null {
  const words = spaced(description);
  if (NOT_POST.test(words)) return false;
  return POST.test(words) ? true : null;
}

/** Empty where the description does not tell. */
export function mrSequence({ description, contrast }: MrFacts): MrSequence | '' {
  const words = spaced(description);
  const found = SEQUENCE_WORDS.find(([, pattern]) => pattern.test(words))?.[0] ?? '';
  return found === 'T1' && (statedContrast(description) ?? contrast) ? 'T1_POST' : found;
}

/** The plane in the description; null where it names none. */
export function mrPlane(description: string): MrPlane | null {
  return PLANE_WORDS.find(([, pattern]) => pattern.test(spaced(description)))?.[0] ?? null;
}

/** The plane that most series of a study have: those can be scrolled together. */
function mainPlane(planes: readonly (MrPlane | null)[]): MrPlane | null {
  const count = (plane: MrPlane): number => planes.filter((one) => one === plane).length;
  const [most] = (['axial', 'sagittal', 'coronal'] as const).toSorted((one, other) => count(other) - count(one));
  return most && count(most) > 0 ? most : null;
}

/**
 * In the order of reading: first each kind of sequence once, in the plane that most of them have, then the others; what is
 * of no known kind keeps its place at the end.
 */
export function inMrOrder<T>(all: readonly T[], factsOf: (one: T) => MrFacts, bodyPart: string): readonly T[] {
  const order = ORDERS.find(({ bodyParts }) => bodyParts.test(bodyPart))?.order ?? ORDERS.at(-1)?.order ?? [];
  const known = all.map((one) => ({ one, sequence: mrSequence(factsOf(one)), plane: mrPlane(factsOf(one).description) }));
  const main = mainPlane(known.map(({ plane }) => plane));
  const rank = (sequence: MrSequence | ''): number => (sequence === '' || !order.includes(sequence) ? order.length : order.indexOf(sequence));
  const firsts = new Map<MrSequence, T>();
  for (const { one, sequence } of known.toSorted((a, b) => Number(b.plane === main) - Number(a.plane === main))) {
    if (sequence !== '' && !firsts.has(sequence)) firsts.set(sequence, one);
  }
  const isFirst = ({ one, sequence }: (typeof known)[number]): boolean => sequence !== '' && firsts.get(sequence) === one;
  return known.toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)) || rank(a.sequence) - rank(b.sequence)).map(({ one }) => one);
}
