/** A page whose code is loaded when it is first shown; each needs a `key`, or the next one shows what this one loaded. */
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { MessagePage } from './message_page';

/** Tries again so often when the code of a part does not come: the line may be back. */
const AGAIN_MS = 3000;

/** A part of a page whose code is loaded once it is wanted; null until it is here. */
export function useLater<P>(load: () => Promise<FunctionComponent<P>>, wanted: boolean): FunctionComponent<P> | null {
  const [Loaded, setLoaded] = useState<FunctionComponent<P> | null>(null);
  useEffect(() => {
    if (!wanted || Loaded) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = (): void => {
      load().then((component) => setLoaded(() => component), () => { timer = setTimeout(ask, AGAIN_MS); });
    };
    ask();
    return () => clearTimeout(timer);
  }, [wanted]);
  return Loaded;
}

interface LaterProps {
  readonly load: () => Promise<FunctionComponent>;
}

export function Later({ load }: LaterProps): JSX.Element {
  const [Loaded, setLoaded] = useState<FunctionComponent | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    load().then((component) => setLoaded(() => component), () => setFailed(true));
  }, []);
  if (Loaded) return <Loaded />;
  if (!failed) return <main id="content" class="message-page"><div class="spinner" role="status" aria-label={t('app.loading')} /></main>;
  return (
    <MessagePage icon="offline" title={t('error.unreachable_title')} text={t('error.page_load')}>
      <button type="button" class="button primary" onClick={() => globalThis.location.reload()}>{t('app.retry')}</button>
    </MessagePage>
  );
}
