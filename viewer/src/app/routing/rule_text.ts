/** A forwarding rule in words. */
import type { Rule } from './api';
import { rt } from './texts';

export const DAYS = ['1', '2', '3', '4', '5', '6', '7'] as const;
export type Day = (typeof DAYS)[number];

/** What an instance has to be; never empty. */
export function conditionsOf(rule: Rule): readonly string[] {
  const told: string[] = [];
  if (rule.modalities.length > 0) told.push(rule.modalities.join(', '));
  if (rule.source_ae_titles.length > 0) told.push(rt('routes.from', { names: rule.source_ae_titles.join(', ') }));
  if (rule.description !== '') told.push(rt('routes.described', { text: rule.description }));
  if (rule.received_hours !== '') told.push(rt('routes.received', { hours: hoursText(rule.received_hours) }));
  if (rule.received_days !== '') {
    const days = DAYS.filter((day) => rule.received_days.includes(day)).map((day) => rt(`day.${day}`));
    told.push(rt('routes.days', { days: days.join(', ') }));
  }
  return told.length > 0 ? told : [rt('routes.everything')];
}

/** When it is sent, and what follows. */
export function sendingOf(rule: Rule): readonly string[] {
  const when = rule.send_hours === '' ? rt('routes.at_once') : rt('routes.send', { hours: hoursText(rule.send_hours) });
  return rule.confirm ? [when, rt('routes.confirmed')] : [when];
}

export function hoursText(hours: string): string {
  return hours.replace('-', '–');
}
