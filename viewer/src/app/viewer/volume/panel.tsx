/** The fourth cell: what must be known of this volume, the value at the crosshair, and the lengths. */
import type { JSX } from 'preact';

import { sliceThickness, type VolumeGrid } from '../../../core/volume/grid';
import { size, type Vector } from '../../../core/volume/vector';
import { formatDecimal } from '../../../i18n/dates';
import { Icon } from '../../icons';
import { lengthText } from './plane_marks';
import type { Length, VolumeSession } from './session';
import { vplural, vt } from './texts';

export function Panel({ session }: { readonly session: VolumeSession }): JSX.Element {
  return (
    <aside class="volume-panel" aria-label={vt('volume.panel')}>
      <Progress session={session} />
      <Facts session={session} />
      <Lengths session={session} />
    </aside>
  );
}

function Progress({ session }: { readonly session: VolumeSession }): JSX.Element | null {
  const { base } = session;
  if (!base || base.complete) return null;
  const { done, total } = base.load.value;
  return (
    <div class="volume-progress" role="status">
      <span>{vt('volume.loading', { done, total })}</span>
      <progress max={total} value={done} aria-label={vt('volume.loading', { done, total })} />
    </div>
  );
}

/** What was done to the slices so that they are a volume, and what is missing; said once, always in sight. */
function notes(session: VolumeSession, grid: VolumeGrid): readonly { readonly text: string; readonly serious: boolean }[] {
  const lost = session.base?.load.value.lost ?? 0;
  const step = size(grid.toSlot);
  const first = session.set.images[0];
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

function placeText([x, y, z]: Vector): string {
  const part = (value: number, positive: string, negative: string): string => `${value < 0 ? negative : positive} ${formatDecimal(Math.abs(value), 1)}`;
  return [part(x, 'L', 'R'), part(y, 'P', 'A'), part(z, 'H', 'F')].join('  ');
}

function Facts({ session }: { readonly session: VolumeSession }): JSX.Element {
  const { base } = session;
  const value = session.crossValue.value;
  const unit = base?.unit.value ?? '';
  const exact = Number.isFinite(value) && base?.complete === true;
  return (
    <>
      <dl class="volume-facts number">
        <div><dt>{vt('volume.place')}</dt><dd>{placeText(session.cross.value)} {vt('volume.millimetres')}</dd></div>
        <div><dt>{vt('volume.value')}</dt><dd data-fact="value">{exact ? [formatDecimal(value, 1), unit].filter(Boolean).join(' ') : vt('volume.no_value')}</dd></div>
      </dl>
      <ul class="volume-notes">
        {base && notes(session, base.grid).map(({ text, serious }) => (
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
    </section>
  );
}

interface RowProps {
  readonly session: VolumeSession;
  readonly length: Length;
  readonly number: number;
}

function LengthRow({ session, length, number }: RowProps): JSX.Element {
  const remove = vt('volume.remove_length', { number });
  return (
    <li>
      <button type="button" class="volume-length number" title={vt('volume.go_to')} data-length={length.millimetres} onClick={() => session.moveCross(length.from)}>
        <Icon name="length" />{lengthText(length.millimetres)}
      </button>
      <button type="button" class="icon-button" aria-label={remove} title={remove} onClick={() => session.removeLength(length.id)}><Icon name="remove" /></button>
    </li>
  );
}
