/** The words over a plane: whose image it is, which plane, its letters, its scale and what the picture is worth. */
import type { JSX } from 'preact';

import type { DisplaySet } from '../../../core/display_set';
import { directionLetters } from '../../../core/geometry';
import { areUpright, type PlaneName, type PlaneView } from '../../../core/volume/planes';
import { scaled } from '../../../core/volume/vector';
import { formatDecimal } from '../../../i18n/dates';
import { t } from '../../../i18n/locale';
import { overlayText } from '../overlay_text';
import type { Layer } from './layer';
import type { VolumeSession } from './session';
import { vt } from './texts';

interface OverlayProps {
  readonly session: VolumeSession;
  readonly name: PlaneName;
  readonly view: PlaneView;
}

export function PlaneOverlay({ session, name, view }: OverlayProps): JSX.Element | null {
  const { base } = session;
  const image = base?.set.images[0];
  if (!base || !image) return null;
  const words = overlayText(base.set, image);
  const voi = base.voi.value;
  const fused = session.fusion.layer.value;
  const lossy = base.lossy.value || fused?.lossy.value === true;
  const { right, down } = view.plane;
  const letters = {
    left: directionLetters(scaled(right, -1)), right: directionLetters(right),
    top: directionLetters(scaled(down, -1)), bottom: directionLetters(down),
  };
  return (
    <div class="overlay">
      <div class="corner top-left">
        <strong class="plane-name" data-name={name}>{vt(`volume.plane.${name}`)}{areUpright(session.planes.value) ? '' : ` · ${vt('volume.oblique')}`}</strong>
        {words.patient.slice(0, 2).map((line) => <span key={line}>{line}</span>)}
      </div>
      <div class="corner top-right">
        {words.study.slice(-1).map((line) => <span key={line}>{line}</span>)}
        {words.series.slice(0, 1).map((line) => <span key={line}>{line}</span>)}
      </div>
      <div class="corner bottom-right">
        {session.slab.value !== 'thin' && (
          <span>{vt('volume.slab_of', { mode: vt(`volume.slab.${session.slab.value}`), thickness: formatDecimal(session.thickness.value, 1) })}</span>
        )}
        {voi && <span>{windowText(voi)}</span>}
        {fused && <span class="fused-name">{fusedText(fused)}</span>}
        <span class="quality" data-quality={lossy ? 'lossy' : 'lossless'}>{lossy ? words.lossy ?? t('quality.lossy') : vt('volume.resampled')}</span>
      </div>
      {(['left', 'right', 'top', 'bottom'] as const).map((edge) => letters[edge] !== '' && <span key={edge} class={`edge ${edge}`}>{letters[edge]}</span>)}
      <Scale scale={view.scale} />
    </div>
  );
}

/** What lies over the plane, and which values its colours span. */
function fusedText({ set, voi, factor, shownUnit }: Layer): string {
  const name = set.description || set.modality;
  if (!voi.value) return name;
  const { center, width } = voi.value;
  const ends = [center - width / 2, center + width / 2].map((end) => formatDecimal(end * factor, Math.abs(width * factor) < 100 ? 1 : 0));
  return `${name}  ${ends.join(' – ')} ${shownUnit}`.trim();
}

/** Whose volume it is, over a picture that is no plane. */
export function PatientCorner({ set }: { readonly set: DisplaySet }): JSX.Element | null {
  const image = set.images[0];
  if (!image) return null;
  const [name, ...person] = overlayText(set, image).patient.slice(0, 2);
  return (
    <div class="corner top-left">
      <strong>{name}</strong>
      {person.map((line) => <span key={line}>{line}</span>)}
    </div>
  );
}

export function windowText({ center, width }: { readonly center: number; readonly width: number }): string {
  const decimals = Math.abs(width) < 10 ? 2 : 0;
  return t('viewer.window_values', { width: formatDecimal(width, decimals), center: formatDecimal(center, decimals) });
}

const LENGTHS_MM = [1, 2, 5, 10, 20, 50, 100, 200] as const;
const LONGEST_PIXELS = 120;

function Scale({ scale }: { readonly scale: number }): JSX.Element | null {
  const length = LENGTHS_MM.findLast((mm) => mm / scale <= LONGEST_PIXELS);
  if (length === undefined || !Number.isFinite(scale)) return null;
  return (
    <div class="scale" style={{ width: `${length / scale}px` }}>
      <span>{length >= 10 ? `${formatDecimal(length / 10, 0)} cm` : `${formatDecimal(length, 0)} mm`}</span>
    </div>
  );
}
