/** DICOM dates and times (PS3.5 §6.2, VR DA and TM), ages and moments, in the chosen language. */
import { locale, plural } from './locale';

interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Parses `YYYYMMDD` (also the retired `YYYY.MM.DD`); null when it is not a date of the calendar. */
export function parseDate(stored: string): CalendarDate | null {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(stored.trim());
  if (!match) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? { year, month, day } : null;
}

/** A stored date for reading, e.g. `22/11/2025`; what is no date is shown as it is stored. */
export function formatDate(stored: string): string {
  const date = parseDate(stored);
  if (!date) return stored;
  return new Intl.DateTimeFormat(locale.value === 'en' ? 'en-GB' : 'vi-VN', {
    day: '2-digit', month: '2-digit', year: 'numeric', timeZone: 'UTC',
  }).format(Date.UTC(date.year, date.month - 1, date.day));
}

/** A stored time for reading, `HH:MM`; empty when there is none. */
export function formatTime(stored: string): string {
  const match = /^(\d{2}):?(\d{2})/.exec(stored.trim());
  return match ? `${match[1] ?? ''}:${match[2] ?? ''}` : '';
}

/** The moment a study was received: the time for today, else day and time; with seconds where steps are compared. */
export function formatMoment(iso: string, now: Date = new Date(), { seconds = false } = {}): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return '';
  const tag = locale.value === 'en' ? 'en-GB' : 'vi-VN';
  const clock = new Intl.DateTimeFormat(tag, {
    hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(seconds ? { second: '2-digit' } : {}),
  }).format(moment);
  if (moment.toDateString() === now.toDateString()) return clock;
  const sameYear = moment.getFullYear() === now.getFullYear();
  const day = new Intl.DateTimeFormat(tag, {
    day: '2-digit', month: '2-digit', ...(sameYear ? {} : { year: 'numeric' }),
  }).format(moment);
  return `${day.replaceAll('-', '/')} ${clock}`; // Vietnamese writes a day without its year with a dash: one look for all
}

/** `YYYYMMDD` of a day in local time, as the study list is asked. */
export function storedDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}${two(date.getMonth() + 1)}${two(date.getDate())}`;
}

/** The age on a day: years, below two years months, below two months days; empty when a date is missing or wrong. */
export function formatAge(birthDate: string, onDate: string): string {
  const birth = parseDate(birthDate);
  const on = parseDate(onDate);
  if (!birth || !on) return '';
  const months = (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day ? 1 : 0);
  if (months < 0) return '';
  if (months >= 24) return plural('age.years', Math.floor(months / 12));
  if (months >= 2) return plural('age.months', months);
  const days = Date.UTC(on.year, on.month - 1, on.day) - Date.UTC(birth.year, birth.month - 1, birth.day);
  return plural('age.days', Math.round(days / 86_400_000));
}

/**
 * A measured value for reading, with a fixed number of decimals in the chosen language. Never grouped: the point that
 * groups thousands in Vietnamese is the decimal point of English.
 */
export function formatDecimal(value: number, decimals: number): string {
  return new Intl.NumberFormat(locale.value, {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false,
  }).format(value);
}
