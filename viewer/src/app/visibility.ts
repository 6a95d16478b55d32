/** Whether the page is looked at: what nobody sees is neither polled nor followed. */
import { signal } from '@preact/signals';

const shown = signal(typeof document === 'undefined' || !document.hidden);

if (typeof document !== 'undefined') {
  document.addEventListener('visibilitychange', () => { shown.value = !document.hidden; });
}

export const visible: { readonly value: boolean; peek(): boolean } = shown;
