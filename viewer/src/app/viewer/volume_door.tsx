/** The way into the volume view, whose code is fetched when it is first opened. */
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import type { DisplaySet } from '../../core/display_set';
import { t } from '../../i18n/locale';
import { Dialog } from '../controls/dialog';
import type { OpenStudy } from './open_study';
import type { Workspace } from './workspace';

export interface VolumeDoorProps {
  readonly study: OpenStudy;
  readonly set: DisplaySet;
  /** The image it was opened from. */
  readonly index?: number;
  readonly onClose: () => void;
}

/** The volume of the series in the active cell, when one was asked for. */
export function VolumeDoor({ workspace }: { readonly workspace: Workspace }): JSX.Element | null {
  const shown = workspace.volume.value;
  return shown && <Opened key={shown.set.id} {...shown} onClose={() => { workspace.volume.value = null; }} />;
}

function Opened(props: VolumeDoorProps): JSX.Element {
  const [View, setView] = useState<FunctionComponent<VolumeDoorProps> | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    import('./volume/view').then(({ VolumeView }) => setView(() => VolumeView), () => setFailed(true));
  }, []);
  if (View) return <View {...props} />;
  return (
    <Dialog label={t('action.volume')} class="question" onClose={props.onClose}>
      {failed ? <p role="alert">{t('error.page_load')}</p> : <div class="spinner" role="status" aria-label={t('app.loading')} />}
    </Dialog>
  );
}
