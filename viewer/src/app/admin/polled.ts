/** A value that is read again and again while the page is looked at. */
import { useEffect, useState } from 'preact/hooks';

import { ApiError } from '../api';
import { noticeSignedOut, onResume } from '../session';
import { visible } from '../visibility';

export interface Polled<T> {
  readonly value: T | null;
  /** When the value was read; null: never. */
  readonly readAt: Date | null;
  /** The status of the last answer where it was no success: 0 without any answer. */
  readonly failed: number | null;
}

export function usePolled<T>(read: (signal: AbortSignal) => Promise<T>, everyMs: number): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: null, readAt: null, failed: null });
  const shown = visible.value;
  useEffect(() => {
    if (!shown) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => { timer = setTimeout(poll, everyMs); };
    const poll = (): void => {
      read(abort.signal).then(
        (value) => {
          setPolled({ value, readAt: new Date(), failed: null });
          again();
        },
        (reason: unknown) => {
          if (abort.signal.aborted) return;
          if (noticeSignedOut(reason)) return; // read again when somebody has signed in
          setPolled((before) => ({ ...before, failed: reason instanceof ApiError ? reason.status : 0 }));
          again();
        },
      );
    };
    poll();
    const stopResume = onResume(poll);
    return () => {
      abort.abort();
      clearTimeout(timer);
      stopResume();
    };
  }, [shown]);
  return polled;
}
