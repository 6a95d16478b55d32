/** The volume view: three planes with a crosshair, slabs, lengths; or why this series is no volume. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';

import { t } from '../../../i18n/locale';
import { Dialog } from '../../controls/dialog';
import { Icon } from '../../icons';
import { sharedFrames } from '../factories';
import { savedPart } from '../saved/later';
import type { VolumeDoorProps } from '../volume_door';
import { pressKey } from './keys';
import { Fourth } from './fourth';
import { VolumeHelp } from './key_help';
import { type Part, PartChoice, partOf } from './part';
import { PlaneCell } from './plane_view';
import { VolumeSession } from './session';
import { VolumeBar } from './volume_bar';
import { vt } from './texts';
import { memoryLimit } from '../../../volume/volume_client';
import '../../../styles/volume.css';
import '../../../styles/volume_keys.css';

const MEGABYTE = 2 ** 20;
const TAKES_KEYS = 'input, select, textarea, [role="menu"]';

export function VolumeView({ study, set, index, onClose }: VolumeDoorProps): JSX.Element {
  const [part, setPart] = useState<Part | null>(null);
  const session = useMemo(() => new VolumeSession(study, part ? partOf(set, part) : set, sharedFrames(), part), [study, set, part]);
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
  const refusal = session.refused ?? (session.base?.load.value.refused ? { refusal: session.base.load.value.refused, megabytes: session.base.load.value.megabytes ?? 0 } : null);
  return (
    <Dialog label={vt('volume.title')} class="volume" onClose={onClose}>
      <div class="volume-page" tabIndex={-1} onKeyDown={onKeyDown}>
        <VolumeBar session={session} refused={refusal !== null} onClose={onClose} />
        {refusal
          ? (
            <Refusal reason={vt(`volume.refused.${refusal.refusal}`, { megabytes: refusal.megabytes, limit: memoryLimit() / MEGABYTE })} onClose={onClose}>
              {refusal.refusal === 'too_large' && (
                <PartChoice
                  total={set.images.length} around={index ?? 0} onChoose={setPart}
                  most={Math.floor(((part ? part.to - part.from + 1 : set.images.length) * memoryLimit()) / MEGABYTE / Math.max(refusal.megabytes, 1))}
                />
              )}
            </Refusal>
          )
          : <Planes session={session} />}
        {session.helpShown.value && <VolumeHelp onClose={() => { session.helpShown.value = false; }} />}
      </div>
    </Dialog>
  );
}

interface RefusalProps {
  readonly reason: string;
  readonly onClose: () => void;
  /** What can be done instead. */
  readonly children?: ComponentChildren;
}

function Refusal({ reason, onClose, children }: RefusalProps): JSX.Element {
  return (
    <div class="volume-refusal" role="alert">
      <span class="mark"><Icon name="warning" /></span>
      <h2>{vt('volume.refused')}</h2>
      <p>{reason}</p>
      {children}
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
