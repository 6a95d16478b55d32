/** Says in the head of the study list that printed films wait to be filed; nothing where none do. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { plural } from '../../i18n/locale';
import '../../i18n/pages';
import { json } from '../api';
import { Icon } from '../icons';
import { filesFilms } from '../session';
import { Link } from './link';

const REFRESH_MS = 60_000;

export function FilmsWaiting(): JSX.Element | null {
  const [waiting, setWaiting] = useState(0);
  const shown = filesFilms.value;
  useEffect(() => {
    if (!shown) return undefined;
    const read = (): void => {
      json<{ readonly waiting: number }>('/api/tray/count').then((found) => setWaiting(found.waiting), () => undefined);
    };
    read();
    const timer = setInterval(read, REFRESH_MS);
    return () => clearInterval(timer);
  }, [shown]);
  if (!shown || waiting === 0) return null;
  return <Link href="/tray" class="films-waiting"><Icon name="film" />{plural('app.films_waiting', waiting)}</Link>;
}
