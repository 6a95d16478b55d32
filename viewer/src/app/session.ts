/** Who is signed in, and noticing when nobody is any more. */
import { computed, signal } from '@preact/signals';

import { ApiError, createSession, deleteSession, readSession, type Session } from './api';
import { goTo } from './location';

/** undefined: not asked yet; null: nobody is signed in. */
export const session = signal<Session | null | undefined>(undefined);

/** The session ended while a page was open: it stays, and asks to sign in again in front of it. */
export const expired = signal(false);

/** Whether the pages of administrators are shown; what they may do is decided by the server. */
export const isAdministrator = computed(() => session.value?.roles.includes('admin') ?? false);

/** Whether the film tray is shown: to who may see and store. */
export const filesFilms = computed(() => session.value?.roles.some((role) => role !== 'referrer') ?? false);

/** Whether the orders are shown: to who makes and does them. */
export const seesOrders = computed(() => session.value?.roles.some((role) => role !== 'referrer') ?? false);

const resumeListeners = new Set<() => void>();

/** Called when the person has signed in again: read what failed meanwhile. */
export function onResume(listener: () => void): () => void {
  resumeListeners.add(listener);
  return () => resumeListeners.delete(listener);
}

/** Looks at an error of any request; a 401 while signed in opens the dialog. Gives back whether it was one. */
export function noticeSignedOut(reason: unknown): boolean {
  const status = reason instanceof ApiError ? reason.status : statusOf(reason);
  if (status !== 401) return false;
  if (session.peek()) expired.value = true;
  return true;
}

function statusOf(reason: unknown): number | null {
  if (typeof reason !== 'object' || reason === null || !('status' in reason)) return null;
  return typeof reason.status === 'number' ? reason.status : null;
}

/** Ask the server who we are; unreachable leaves the session unknown and throws. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await readSession();
  } catch (reason) {
    if (reason instanceof ApiError && reason.status === 401) session.value = null;
    else throw reason;
  }
}

/** True when the server still knows our session; opens the dialog when it does not. */
export async function confirmSession(): Promise<boolean> {
  try {
    await readSession();
    return true;
  } catch (reason) {
    noticeSignedOut(reason);
    return false;
  }
}

export async function signIn(account: string, password: string): Promise<void> {
  const before = session.peek();
  const now = await createSession(account, password);
  if (expired.peek() && before && before.account !== now.account) {
    // Another person: nothing of the one before may stay on the screen.
    globalThis.location.assign('/');
    return;
  }
  session.value = now;
  if (expired.peek()) {
    expired.value = false;
    for (const listener of [...resumeListeners]) listener();
  }
}

export async function signOut(): Promise<void> {
  try {
    await deleteSession();
  } catch (reason) {
    if (!(reason instanceof ApiError) || reason.status !== 401) throw reason;
  }
  session.value = null;
  goTo('/sign-in');
}
