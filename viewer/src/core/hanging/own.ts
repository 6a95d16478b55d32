/** Protocols a person has made: read back with care, since what is kept may be of another release. */
import type { Voi } from '../viewport';
import { isValid } from '../voi';
import type { CellRule, Conditions, Protocol, Screen, Stage } from './protocol';

export const MOST_OWN = 40;
const LONGEST_NAME = 60;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const strings = (value: unknown): readonly string[] | null => (Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : null);
const whole = (value: unknown, most: number): number | null => (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most ? value : null);
const side = (value: unknown): 'L' | 'R' | null => (value === 'L' || value === 'R' ? value : null);

const FUNCTIONS: readonly Voi['function'][] = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'];
const QUARTERS = [0, 90, 180, 270] as const;
const letter = (value: unknown): string | null => (typeof value === 'string' && /^[LRAPHF]$/.test(value) ? value : null);

function readVoi(value: unknown): Voi | null {
  if (!isRecord(value)) return null;
  const { center, width } = value;
  const [found] = FUNCTIONS.filter((one) => one === value['function']);
  if (typeof center !== 'number' || typeof width !== 'number' || !found) return null;
  const voi: Voi = { center, width, function: found };
  return isValid(voi) ? voi : null;
}

function readTurn(value: unknown): CellRule['turn'] | null {
  const [rotation] = isRecord(value) ? QUARTERS.filter((one) => one === value['rotation']) : [];
  return rotation === undefined || !isRecord(value) ? null : { rotation, flipped: value['flipped'] === true };
}

/** The given members that are there. */
function present<T extends object>(members: { readonly [K in keyof T]: T[K] | null }): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as Partial<T>;
}

function readCell(value: unknown): CellRule {
  const rule = isRecord(value) ? value : {};
  return present<Required<Omit<CellRule, 'sequences'>>>({
    prior: whole(rule['prior'], 9), modalities: strings(rule['modalities']), laterality: side(rule['laterality']),
    views: strings(rule['views']), words: strings(rule['words']), like: whole(rule['like'], 15),
    right: letter(rule['right']), bottom: letter(rule['bottom']), align: rule['align'] === 'left' || rule['align'] === 'right' ? rule['align'] : null,
    turn: readTurn(rule['turn']) ?? null, voi: readVoi(rule['voi']), inverted: rule['inverted'] === true ? true : null,
  });
}

function readScreen(value: unknown): Screen | null {
  if (!isRecord(value)) return null;
  const [rows, columns] = [whole(value['rows'], 4), whole(value['columns'], 4)];
  return rows && columns ? { rows, columns, cells: list(value['cells']).slice(0, rows * columns).map(readCell) } : null;
}

function readStage(value: unknown): Stage | null {
  if (!isRecord(value)) return null;
  const screens = list(value['screens']).map(readScreen).filter((one) => one !== null);
  return screens.length > 0 ? { screens, least: 1, linked: value['linked'] === true, sameScale: value['sameScale'] === true } : null;
}

function readConditions(value: unknown): Conditions {
  const when = isRecord(value) ? value : {};
  return present<Required<Pick<Conditions, 'modalities' | 'allModalities' | 'bodyParts' | 'prior' | 'monitors' | 'laterality'>>>({
    modalities: strings(when['modalities']), allModalities: strings(when['allModalities']), bodyParts: strings(when['bodyParts']), laterality: side(when['laterality']),
    prior: typeof when['prior'] === 'boolean' ? when['prior'] : null, monitors: whole(when['monitors'], 4),
  });
}

/** The protocols in a kept document, without what makes no sense. */
export function readProtocols(document: unknown): readonly Protocol[] {
  const kept = isRecord(document) ? list(document['protocols']) : [];
  return kept.slice(0, MOST_OWN).flatMap((value): Protocol[] => {
    if (!isRecord(value) || typeof value['id'] !== 'string' || typeof value['name'] !== 'string' || value['name'].trim() === '') return [];
    const stages = list(value['stages']).map(readStage).filter((one) => one !== null);
    if (stages.length === 0) return [];
    return [{ id: value['id'], name: value['name'].slice(0, LONGEST_NAME), when: readConditions(value['when']), stages }];
  });
}
