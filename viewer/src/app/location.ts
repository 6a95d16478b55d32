/** Where the page is: the address as a signal, and moving without loading the page again. */
import { computed, signal } from '@preact/signals';

const address = signal(new URL(globalThis.location.href));

export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

/** Asked before this page or its study is left; true: it is asking the person, and goes on itself with what it is given. */
let asked: ((go: () => void) => boolean) | null = null;

export function goesAsked(ask: ((go: () => void) => boolean) | null): void {
  asked = ask;
}

/** The person has said that the step in the history that comes next is meant. */
let meant = false;

/** The browser's own back and forward have moved already: where that has to be asked, the page goes back to where it was. */
globalThis.addEventListener('popstate', () => {
  const there = new URL(globalThis.location.href);
  if (!meant && leaves(there.href) && asked?.(stepBack) === true) {
    history.pushState(null, '', address.peek());
    return;
  }
  meant = false;
  address.value = there;
});

function stepBack(): void {
  meant = true;
  history.back();
}

/** Go to a page of ours. */
export function goTo(target: string, { replace = false } = {}): void {
  if (leaves(target) && asked?.(() => move(target, replace)) === true) return;
  move(target, replace);
}

/** Another page, or another study in the viewer. */
function leaves(target: string): boolean {
  const [here, there] = [address.peek(), new URL(target, address.peek())];
  const study = ({ searchParams }: URL): string | null => searchParams.get('StudyInstanceUIDs');
  return here.pathname !== there.pathname || study(here) !== study(there);
}

function move(target: string, replace: boolean): void {
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
