/** What the list of orders shows: words, a state, and days; in the address too, so that it can be kept and sent. */
import { storedDate } from '../../i18n/dates';
import { type OrderState, STATES } from './api';

export const PERIODS = ['today', 'tomorrow', 'week', 'all'] as const;
export type Period = (typeof PERIODS)[number];
export const SHOWN = ['open', 'completed', 'stopped', 'all'] as const;
export type Shown = (typeof SHOWN)[number];

export interface Question {
  readonly text: string;
  readonly shown: Shown;
  readonly period: Period;
}

export const FIRST_QUESTION: Question = { text: '', shown: 'open', period: 'today' };

/** The states that each choice stands for. */
export const STATES_OF: Readonly<Record<Shown, readonly OrderState[]>> = {
  open: ['scheduled', 'in-progress'],
  completed: ['completed'],
  stopped: ['discontinued', 'cancelled'],
  all: STATES,
};

function oneOf<T extends string>(known: readonly T[], given: string | null, otherwise: T): T {
  return known.find((one) => one === given) ?? otherwise;
}

export function questionOf(query: URLSearchParams): Question {
  return {
    text: query.get('q') ?? '',
    shown: oneOf(SHOWN, query.get('show'), FIRST_QUESTION.shown),
    period: oneOf(PERIODS, query.get('days'), FIRST_QUESTION.period),
  };
}

/** As the address has it: what is as at first is left out. */
export function queryOf({ text, shown, period }: Question): Record<string, string> {
  return {
    q: text.trim(),
    show: shown === FIRST_QUESTION.shown ? '' : shown,
    days: period === FIRST_QUESTION.period ? '' : period,
  };
}

function daysFrom(today: Date, days: number): string {
  return storedDate(new Date(today.getFullYear(), today.getMonth(), today.getDate() + days));
}

/** As the server is asked. */
export function askedOf({ text, shown, period }: Question, today: Date, limit: number): Record<string, string> {
  const asked: Record<string, string> = { limit: String(limit) };
  if (text.trim() !== '') asked['q'] = text.trim();
  if (shown !== 'all') asked['state'] = STATES_OF[shown].join(',');
  const ranges: Readonly<Record<Period, readonly [number, number] | null>> = { today: [0, 0], tomorrow: [1, 1], week: [0, 6], all: null };
  const range = ranges[period];
  if (range) {
    asked['date_from'] = daysFrom(today, range[0]);
    asked['date_to'] = daysFrom(today, range[1]);
  }
  return asked;
}
