/** A film in the browser's own player; the server gives its bytes as they were received, by ranges (PS3.5 §8.2.5 to §8.2.8). */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { Icon } from '../../icons';
import { addressOf, FileLink, ObjectFrame } from './frame';
import type { ObjectProps } from './object_view';
import { obt } from './texts';

export function FilmView({ instance, kind }: ObjectProps): JSX.Element {
  const [failed, setFailed] = useState(false);
  return (
    <ObjectFrame instance={instance} kind={kind}>
      {failed
        ? (
          <div class="object-message" role="alert">
            <span class="mark"><Icon name="film" /></span>
            <p>{obt('film.failed')}</p>
            <FileLink instance={instance} primary />
          </div>
        )
        : (
          <video
            class="object-film" controls playsInline preload="metadata" aria-label={obt('film.title')} tabIndex={0}
            src={`${addressOf(instance)}/rendered?accept=video/mp4`} onError={() => setFailed(true)}
          />
        )}
    </ObjectFrame>
  );
}
