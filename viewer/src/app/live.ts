/** Live news of studies: the server's event stream (HTML §9.2), with the state of the connection. */
import { signal } from '@preact/signals';

import type { Receipt, Study } from './api';
import { confirmSession } from './session';

/** True while the stream is broken for longer than a blink. */
export const connectionLost = signal(false);

const LOST_AFTER_MS = 1500;
const RETRY_MS = 2000;

export interface LiveListener {
  /** A study changed. */
  study(study: Study): void;
  /** The stream is back after a break: read again what may have been missed. */
  resumed(): void;
}

function parse(data: string): object | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && 'study_instance_uid' in value ? value : null;
  } catch {
    return null;
  }
}

/** Listen to all studies, or to one; gives back the way to stop. */
export function listen(listener: LiveListener, studyInstanceUid?: string): () => void {
  const url = studyInstanceUid === undefined ? '/api/events' : `/api/events?study=${encodeURIComponent(studyInstanceUid)}`;
  let source: EventSource | null = null;
  let lostTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let broken = false;
  let stopped = false;

  const connect = (): void => {
    source = new EventSource(url);
    source.addEventListener('open', () => {
      clearTimeout(lostTimer);
      lostTimer = undefined;
      connectionLost.value = false;
      if (broken) listener.resumed();
      broken = false;
    });
    source.addEventListener('study', (event: MessageEvent<string>) => {
      const study = parse(event.data);
      if (study) listener.study(study as Study);
    });
    source.addEventListener('error', () => {
      broken = true;
      lostTimer ??= setTimeout(() => { connectionLost.value = true; }, LOST_AFTER_MS);
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      clearTimeout(retryTimer);
      retryTimer = setTimeout(() => {
        void confirmSession().then(() => { if (!stopped) connect(); });
      }, RETRY_MS);
    });
  };
  connect();
  return () => {
    stopped = true;
    clearTimeout(lostTimer);
    clearTimeout(retryTimer);
    source?.close();
    connectionLost.value = false;
  };
}

/**
 * Follow the receipt of one study; gives back the way to stop. The list's own stream says when the connection is lost,
 * so this one only comes back by itself, and the server then tells the present state first.
 */
export function followReceipt(studyInstanceUid: string, onReceipt: (receipt: Receipt) => void): () => void {
  let source: EventSource | null = null;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  const connect = (): void => {
    source = new EventSource(`/api/events?study=${encodeURIComponent(studyInstanceUid)}`);
    source.addEventListener('receipt', (event: MessageEvent<string>) => {
      const receipt = parse(event.data);
      if (receipt) onReceipt(receipt as Receipt);
    });
    source.addEventListener('error', () => {
      if (source?.readyState === EventSource.CLOSED) retryTimer = setTimeout(connect, RETRY_MS);
    });
  };
  connect();
  return () => {
    clearTimeout(retryTimer);
    source?.close();
  };
}
