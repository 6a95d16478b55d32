/** The volume view: three planes with a crosshair, slabs, lengths; or why this series is no volume. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';

import { t } from '../../../i18n/locale';
import { Dialog } from '../../controls/dialog';
import { Icon } from '../../icons';
import { sharedFrames } from '../factories';
import { savedPart } from '../saved/later';
import type { VolumeDoorProps } from '../volume_door';
import { pressKey } from './keys';
import { Fourth } from './fourth';
import { PlaneCell } from './plane_view';
import { VolumeSession } from './session';
import { VolumeBar } from './volume_bar';
import { vt } from './texts';
import { memoryLimit } from '../../../volume/volume_client';
import '../../../styles/volume.css';

const MEGABYTE = 2 ** 20;
const TAKES_KEYS = 'input, select, textarea, [role="menu"]';

export function VolumeView({ study, set, onClose }: VolumeDoorProps): JSX.Element {
  const session = useMemo(() => new VolumeSession(study, set, sharedFrames()), [study, set]);
  useEffect(() => () => session.destroy(), [session]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const { target } = event;
    if (target instanceof Element && target.closest(TAKES_KEYS) !== null) return;
    if (event.key === 'Enter' && target instanceof Element && target.closest('button') !== null) return;
    if (event.key === 'Escape' || session.base === null) return;
    if (event.key.toLowerCase() === 's' && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      void savedPart.peek()?.work.of(study)?.saveMeasurements();
      return;
    }
    if (pressKey(session, event)) event.preventDefault();
  };
  const refusal = session.refused ?? (session.base?.load.value.refused ? { refusal: session.base.load.value.refused, megabytes: 0 } : null);
  return (
    <Dialog label={vt('volume.title')} class="volume" onClose={onClose}>
      <div class="volume-page" tabIndex={-1} onKeyDown={onKeyDown}>
        <VolumeBar session={session} refused={refusal !== null} onClose={onClose} />
        {refusal
          ? <Refusal reason={vt(`volume.refused.${refusal.refusal}`, { megabytes: refusal.megabytes, limit: memoryLimit() / MEGABYTE })} onClose={onClose} />
          : <Planes session={session} />}
      </div>
    </Dialog>
  );
}

function Refusal({ reason, onClose }: { readonly reason: string; readonly onClose: () => void }): JSX.Element {
  return (
    <div class="volume-refusal" role="alert">
      <span class="mark"><Icon name="warning" /></span>
      <h2>{vt('volume.refused')}</h2>
      <p>{reason}</p>
      <button type="button" class="button" onClick={onClose}>{t('app.close')}</button>
    </div>
  );
}

function Planes({ session }: { readonly session: VolumeSession }): JSX.Element {
  return (
    <div class="volume-cells">
      <PlaneCell session={session} name="axial" />
      <PlaneCell session={session} name="sagittal" />
      <PlaneCell session={session} name="coronal" />
      <Fourth session={session} />
    </div>
  );
}
