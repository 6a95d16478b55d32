/** What a finding means in plain words, and what to do about it. */
import type { networkEn } from '../../i18n/network_en';
import type { Finding } from './api';

type Key = keyof typeof networkEn;
type TitleKey = Extract<Key, `${string}.title`> & `${CauseName}.title`;
export type CauseName =
  | 'called-ae' | 'calling-ae' | 'address' | 'tls-required' | 'certificate-wrong' | 'user-missing' | 'user-refused' | 'limit'
  | 'limit-of-ae' | 'rate-of-ae' | 'index-away' | 'certificate-missing' | 'certificate-untrusted' | 'tls-distrusts-us' | 'tls-too-old'
  | 'tls-failed' | 'tls-not-offered' | 'tls-not-spoken' | 'not-dicom' | 'abstract-syntax' | 'class-not-allowed' | 'transfer-syntax'
  | 'request-refused' | 'not-allowed' | 'lost';
type FixKey = `${CauseName | 'other'}.fix` | Extract<Key, `status.${string}.fix`>;

export const CAUSES: readonly CauseName[] = [
  'called-ae', 'calling-ae', 'address', 'tls-required', 'certificate-wrong', 'user-missing', 'user-refused', 'limit', 'limit-of-ae',
  'rate-of-ae', 'index-away', 'certificate-missing', 'certificate-untrusted', 'tls-distrusts-us', 'tls-too-old', 'tls-failed',
  'tls-not-offered', 'tls-not-spoken', 'not-dicom', 'abstract-syntax', 'class-not-allowed', 'transfer-syntax', 'request-refused',
  'not-allowed', 'lost',
];

/** What a page can offer besides words. */
export type Remedy = 'register' | 'machine' | null;

/** How bad it is: a machine that is shut out, or something that may be harmless. */
export type Severity = 'bad' | 'attention';

export interface Diagnosis {
  readonly title: TitleKey | 'other.title';
  readonly fix: FixKey;
  readonly values: Readonly<Record<'calling' | 'called' | 'ours' | 'address' | 'class' | 'service' | 'status', string>>;
  readonly remedy: Remedy;
  readonly severity: Severity;
}

const HARMLESS: ReadonlySet<string> = new Set(['abstract-syntax', 'lost', 'not-dicom', 'limit', 'limit-of-ae', 'rate-of-ae', 'index-away']);
const OF_ONE_MACHINE: ReadonlySet<string> = new Set([
  'address', 'tls-required', 'certificate-wrong', 'limit-of-ae', 'rate-of-ae', 'class-not-allowed', 'not-allowed',
]);
/** Statuses with advice of their own: whole ones, or their first two digits (PS3.7 Annex C, PS3.4 Annexes B and C). */
const ADVICE: Readonly<Record<string, FixKey>> = {
  'A7': 'status.A7.fix', 'A9': 'status.A9.fix', 'A8': 'status.A8.fix', 'C0': 'status.C0.fix', '0111': 'status.0111.fix', '0112': 'status.0112.fix',
  '0117': 'status.0117.fix', '0122': 'status.0122.fix', '0110': 'status.0110.fix',
};

/** Services that ask rather than send: a query of theirs that is refused lacks a key, or has one that cannot be used. */
const QUERIES: ReadonlySet<string> = new Set(['C-FIND', 'C-MOVE', 'C-GET']);

function adviceOn(service: string, status: string): FixKey | undefined {
  if (QUERIES.has(service) && status.startsWith('A9')) return 'status.query.fix';
  return ADVICE[status] ?? ADVICE[status.slice(0, 2)];
}

function isKnown(cause: string): cause is CauseName {
  return (CAUSES as readonly string[]).includes(cause);
}

/** What a finding says, given our own AE title; `registered` are the titles of the machines we know. */
export function diagnose(finding: Finding, ours: string, registered: ReadonlySet<string>): Diagnosis {
  const { cause, detail } = finding;
  const known = isKnown(cause) ? cause : 'other';
  const status = String(detail['status'] ?? '');
  const advice = known === 'request-refused' ? adviceOn(String(detail['service'] ?? ''), status) : undefined;
  const calling = finding.calling_ae_title === '' ? finding.address : finding.calling_ae_title;
  let remedy: Remedy = null;
  if (known === 'calling-ae') remedy = 'register';
  else if (OF_ONE_MACHINE.has(known) && registered.has(finding.calling_ae_title)) remedy = 'machine';
  return {
    title: `${known}.title`,
    fix: advice ?? `${known}.fix`,
    values: {
      calling, called: finding.called_ae_title, ours: String(detail['ours'] ?? ours), address: finding.address,
      class: finding.class_name === '' ? finding.subject : finding.class_name, service: String(detail['service'] ?? ''), status,
    },
    remedy,
    severity: HARMLESS.has(known) ? 'attention' : 'bad',
  };
}

/** The rejection as the standard numbers it (PS3.8 Table 9-21), for whoever services the machine. */
const ANSWERS: Readonly<Record<string, string>> = {
  'called-ae': 'A-ASSOCIATE-RJ 1/1/7, called-AE-title-not-recognized',
  'calling-ae': 'A-ASSOCIATE-RJ 1/1/3, calling-AE-title-not-recognized',
  'address': 'A-ASSOCIATE-RJ 1/1/3, calling-AE-title-not-recognized',
  'tls-required': 'A-ASSOCIATE-RJ 1/1/1, no-reason-given',
  'certificate-wrong': 'A-ASSOCIATE-RJ 1/1/3, calling-AE-title-not-recognized',
  'user-missing': 'A-ASSOCIATE-RJ 1/2/1, no-reason-given (ACSE)',
  'user-refused': 'A-ASSOCIATE-RJ 1/2/1, no-reason-given (ACSE)',
  'limit': 'A-ASSOCIATE-RJ 2/3/2, local-limit-exceeded',
  'limit-of-ae': 'A-ASSOCIATE-RJ 2/3/2, local-limit-exceeded',
  'rate-of-ae': 'A-ASSOCIATE-RJ 2/3/1, temporary-congestion',
  'index-away': 'A-ASSOCIATE-RJ 2/3/1, temporary-congestion',
  'abstract-syntax': 'presentation context result 3, abstract-syntax-not-supported',
  'class-not-allowed': 'presentation context result 3, abstract-syntax-not-supported',
  'transfer-syntax': 'presentation context result 4, transfer-syntaxes-not-supported',
};

/** Technical lines about a finding: what was answered, UIDs, the comment of the answer. */
export function evidence(finding: Finding): readonly string[] {
  const { cause, detail } = finding;
  const lines: string[] = [];
  const answer = ANSWERS[cause];
  if (answer !== undefined) lines.push(answer);
  if (typeof detail['comment'] === 'string' && detail['comment'] !== '') lines.push(`${String(detail['status'] ?? '')} ${detail['comment']}`.trim());
  if (typeof detail['reason'] === 'string' && detail['reason'] !== '') lines.push(detail['reason']);
  if (finding.class_name !== '') lines.push(`${finding.class_name} (${String(detail['sop_class_uid'] ?? finding.subject)})`);
  lines.push(...finding.syntaxes);
  if (finding.address !== '') lines.push([finding.calling_ae_title, finding.address].filter((part) => part !== '').join('@'));
  return lines;
}
