/** The fourth cell: what must be known of this volume, the value at the crosshair, and the lengths. */
import type { JSX } from 'preact';

import { sliceThickness } from '../../../core/volume/grid';
import type { SpatialLength } from '../../../core/volume/spatial_length';
import { size, type Vector } from '../../../core/volume/vector';
import { formatDecimal } from '../../../i18n/dates';
import { Icon } from '../../icons';
import { savedPart } from '../saved/later';
import type { FusionRefusal } from './fusion';
import type { Layer } from './layer';
import { lengthText } from './plane_marks';
import type { VolumeSession } from './session';
import { vplural, vt } from './texts';

export function Panel({ session }: { readonly session: VolumeSession }): JSX.Element {
  return (
    <div class="volume-panel">
      <Progress layer={session.base} />
      <Progress layer={session.fusion.layer.value} />
      <Facts session={session} />
      <Lengths session={session} />
    </div>
  );
}

function Progress({ layer }: { readonly layer: Layer | null }): JSX.Element | null {
  if (!layer || layer.complete) return null;
  const { done, total } = layer.load.value;
  return (
    <div class="volume-progress" role="status">
      <span>{vt('volume.loading', { done, total })}</span>
      <progress max={total} value={done} aria-label={vt('volume.loading', { done, total })} />
    </div>
  );
}

interface Note {
  readonly text: string;
  readonly serious: boolean;
}

/** What was done to the slices so that they are a volume, and what is missing; said once, always in sight. */
function notes(layer: Layer): readonly Note[] {
  const { grid, set } = layer;
  const { lost } = layer.load.value;
  const step = size(grid.toSlot);
  const first = set.images[0];
  const thickness = first ? sliceThickness(first) : null;
  return [
    ...(grid.missing > 0 ? [{ text: vplural('volume.missing', grid.missing), serious: true }] : []),
    ...(lost > 0 ? [{ text: vplural('volume.lost', lost), serious: true }] : []),
    ...(grid.tilt > 0 ? [{ text: vt('volume.tilt', { degrees: formatDecimal(grid.tilt, 1) }), serious: false }] : []),
    ...(thickness !== null && thickness < step - 0.05
      ? [{ text: vt('volume.gap', { thickness: formatDecimal(thickness, 2), step: formatDecimal(step, 2) }), serious: true }] : []),
    { text: vt('volume.interpolated', { step: formatDecimal(step, 2) }), serious: false },
  ];
}

/** The notes of all that is seen; those of the second volume under its name. */
function allNotes({ base, fusion, study, set, part }: VolumeSession): readonly Note[] {
  const over = fusion.layer.value;
  const arriving = study.manifest.value?.study.arriving === true;
  return [
    ...(part ? [{ text: vt('volume.part', { ...part }), serious: true }] : []),
    ...(arriving ? [{ text: vplural('volume.arriving', set.images.length), serious: true }] : []),
    ...(base ? notes(base) : []),
    ...(over ? notes(over).map(({ text, serious }) => ({ text: `${over.set.description || over.set.modality}: ${text}`, serious })) : []),
  ];
}

function placeText([x, y, z]: Vector): string {
  const part = (value: number, positive: string, negative: string): string => `${value < 0 ? negative : positive} ${formatDecimal(Math.abs(value), 1)}`;
  return [part(x, 'L', 'R'), part(y, 'P', 'A'), part(z, 'H', 'F')].join('  ');
}

function valueText(layer: Layer | null, value: number): string {
  if (!layer?.complete || !Number.isFinite(value)) return vt('volume.no_value');
  return [formatDecimal(value * layer.factor, layer.factor === 1 ? 1 : 2), layer.shownUnit].filter(Boolean).join(' ');
}

/** Why a series is not laid over this one, and why values are no SUV. */
function FusionNotes({ session }: { readonly session: VolumeSession }): JSX.Element | null {
  const { base, fusion } = session;
  const { layer, refused } = { layer: fusion.layer.value, refused: fusion.refused.value };
  const reasons = [
    refused ? vt('volume.fusion.refused', { series: refused.series.series_description, reason: refusalText(refused.reason) }) : '',
    ...[base, layer].map((one) => (one?.suv && 'refused' in one.suv ? vt('volume.suv_refused', { reason: vt(`volume.suv.${one.suv.refused}`) }) : '')),
  ].filter(Boolean);
  if (reasons.length === 0) return null;
  return (
    <ul class="volume-notes" role="alert">
      {reasons.map((reason) => <li key={reason} data-serious="true"><Icon name="warning" />{reason}</li>)}
    </ul>
  );
}

function refusalText(reason: FusionRefusal): string {
  switch (reason) {
    case 'frame_of_reference': case 'patient': case 'not_loaded': return vt(`volume.fusion.refused.${reason}`);
    case 'too_large': return vt('volume.fusion.refused.too_large');
    default: return vt(`volume.refused.${reason}`);
  }
}

function Facts({ session }: { readonly session: VolumeSession }): JSX.Element {
  const { base, fusion } = session;
  const fused = fusion.layer.value;
  return (
    <>
      <dl class="volume-facts number">
        <div><dt>{vt('volume.place')}</dt><dd>{placeText(session.cross.value)} {vt('volume.millimetres')}</dd></div>
        <div><dt>{vt('volume.value')}</dt><dd data-fact="value">{valueText(base, session.crossValue.value)}</dd></div>
        {fused && <div><dt>{fused.set.description || fused.set.modality}</dt><dd data-fact="fused">{valueText(fused, session.fusedValue.value)}</dd></div>}
      </dl>
      <FusionNotes session={session} />
      <ul class="volume-notes">
        {allNotes(session).map(({ text, serious }) => (
          <li key={text} data-serious={serious}><Icon name={serious ? 'warning' : 'details'} />{text}</li>
        ))}
      </ul>
    </>
  );
}

function Lengths({ session }: { readonly session: VolumeSession }): JSX.Element {
  const lengths = session.lengths.value;
  const pending = session.pending.value !== null;
  return (
    <section class="volume-lengths" aria-label={vt('volume.lengths')}>
      <h2>{vt('volume.lengths')}</h2>
      {lengths.length === 0 && !pending && <p class="quiet">{vt('volume.lengths_hint')}</p>}
      {pending && <p class="attention" role="status">{vt('volume.second_end')}</p>}
      <ul aria-live="polite">
        {lengths.map((length, at) => <LengthRow key={length.id} session={session} length={length} number={at + 1} />)}
      </ul>
      {session.grid.frameOfReferenceUid === ''
        ? lengths.length > 0 && <p class="attention">{vt('volume.no_frame_of_reference')}</p>
        : <SavedLengths session={session} />}
    </section>
  );
}

/** Saving them, with all else that is drawn in the study. */
function SavedLengths({ session }: { readonly session: VolumeSession }): JSX.Element | null {
  const part = savedPart.value;
  return part && <part.Save study={session.study} />;
}

interface RowProps {
  readonly session: VolumeSession;
  readonly length: SpatialLength;
  readonly number: number;
}

function LengthRow({ session, length, number }: RowProps): JSX.Element {
  const remove = vt('volume.remove_length', { number });
  const removeRow = (event: MouseEvent): void => {
    // The button goes with its row; the keys stay in the view.
    if (event.currentTarget instanceof Element) event.currentTarget.closest<HTMLElement>('.volume-page')?.focus();
    session.removeLength(length.id);
  };
  return (
    <li>
      <button type="button" class="volume-length number" title={vt('volume.go_to')} data-length={length.millimetres} onClick={() => session.moveCross(length.from)}>
        <Icon name="length" />{lengthText(length.millimetres)}
      </button>
      <button type="button" class="icon-button" aria-label={remove} title={remove} onClick={removeRow}><Icon name="remove" /></button>
    </li>
  );
}
