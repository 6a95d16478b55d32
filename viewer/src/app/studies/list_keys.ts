/** The keys of the list page, wherever the focus is but in a field or a dialog. */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

import { DATE_RANGES, type DateRange } from './filter';
import type { StudyList } from './list';

const TAKES_KEYS = 'input, textarea, select, dialog, [popover], [contenteditable="true"]';

interface ListKeys {
  readonly list: StudyList;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly searchField: RefObject<HTMLInputElement | null>;
  readonly ask: (what: 'filters' | 'columns' | 'help') => void;
  readonly range: (range: DateRange) => void;
}

export function useListKeys(keys: ListKeys): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest(TAKES_KEYS)) return;
      if (press(event, keys)) event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}

function press(event: KeyboardEvent, { list, grid, searchField, ask, range }: ListKeys): boolean {
  const key = event.key.toLowerCase();
  const day = event.code.startsWith('Digit') && !event.shiftKey ? DATE_RANGES[Number(event.code.slice('Digit'.length)) - 1] : undefined;
  if (key === '/') {
    searchField.current?.focus();
    searchField.current?.select();
  } else if (key === '?') ask('help');
  else if (key === 'f') ask('filters');
  else if (key === 'c') ask('columns');
  else if (key === 's') document.querySelector<HTMLElement>('.saved-filters')?.click();
  else if (day !== undefined) range(day);
  else if ((key === 'arrowdown' || key === 'arrowup') && document.activeElement === document.body) {
    grid.current?.focus();
    list.move(key === 'arrowdown' ? 1 : -1);
  } else return false;
  return true;
}
