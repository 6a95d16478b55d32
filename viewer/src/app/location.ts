/** Where the page is: the address as a signal, and moving without loading the page again. */
import { computed, signal } from '@preact/signals';

const address = signal(new URL(globalThis.location.href));

export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

globalThis.addEventListener('popstate', () => {
  address.value = new URL(globalThis.location.href);
});

/** Go to a page of ours. */
export function goTo(target: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', target);
  else history.pushState(null, '', target);
  address.value = new URL(globalThis.location.href);
  if (!replace) globalThis.scrollTo(0, 0);
}

/** Change the query of the page that is shown, without a new entry in the history. */
export function replaceQuery(entries: Readonly<Record<string, string>>): void {
  const next = new URL(address.value);
  for (const [name, value] of Object.entries(entries)) {
    if (value === '') next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  goTo(next.pathname + next.search, { replace: true });
}

/** A `next=` that stays on this site: a path of ours, never another host. */
export function safeNext(next: string | null, origin: string): string {
  if (!next?.startsWith('/')) return '/';
  try {
    const target = new URL(next, origin);
    return target.origin === origin && target.pathname !== '/sign-in' ? target.pathname + target.search + target.hash : '/';
  } catch {
    return '/';
  }
}

export function viewerAddress(studyInstanceUids: readonly string[], seriesInstanceUid?: string): string {
  const series = seriesInstanceUid === undefined ? '' : `&SeriesInstanceUID=${encodeURIComponent(seriesInstanceUid)}`;
  return `/viewer?StudyInstanceUIDs=${studyInstanceUids.map(encodeURIComponent).join(',')}${series}`;
}
