/** The legend of one layer: what its colours mean, each with a switch, how dense it is drawn, and its scale. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

import { css, scaleColour } from '../../../core/layer_colour';
import { Icon } from '../../icons';
import { amountText, type Layer, type LayerScale } from './layer';
import type { LayerLook } from './layer_look';
import { obt } from './texts';

interface LegendProps {
  readonly name: string;
  /** Null while it is read. */
  readonly layer: Layer | null;
  readonly refused: string | null;
  readonly look: LayerLook;
  readonly onLook: (look: LayerLook) => void;
  readonly onRemove: () => void;
  /** Entries that are on this image. */
  readonly here: ReadonlySet<number>;
  readonly waiting: boolean;
  /** The image has nothing to do with the layer. */
  readonly apart: boolean;
  /** What stands under the scale of a colour wash. */
  readonly children?: ComponentChildren;
}

/** Width of a window, in CSS pixels, that has room for an open legend. */
const ROOMY = 640;

const stop = (event: Event): void => event.stopPropagation();

export function Legend(props: LegendProps): JSX.Element {
  const { name, layer, refused, onRemove } = props;
  // In a narrow cell the image comes first.
  const [open, setOpen] = useState(() => innerWidth >= ROOMY);
  return (
    <section class="legend" aria-label={name} data-waiting={props.waiting} onPointerDown={stop} onWheel={stop} onDblClick={stop}>
      <header>
        <button type="button" class="legend-name" aria-expanded={open} title={open ? obt('layer.collapse') : obt('layer.expand')} onClick={() => setOpen(!open)}>
          <Icon name={open ? 'chevron_down' : 'chevron_right'} /><span>{name}</span>
        </button>
        <button type="button" class="icon-button" aria-label={obt('layer.remove', { name })} title={obt('layer.remove', { name })} onClick={onRemove}><Icon name="close" /></button>
      </header>
      {refused !== null && <p class="legend-refused" role="alert">{refused}</p>}
      {!layer && refused === null && <p role="status">{obt('layer.loading', { name })}</p>}
      {layer && props.apart && <p class="legend-refused">{obt('layer.refused.frame_of_reference')}</p>}
      {layer && open && <Body {...props} layer={layer} />}
    </section>
  );
}

function Body({ layer, look, onLook, here, name, children }: LegendProps & { readonly layer: Layer }): JSX.Element {
  const toggle = (entry: number): void => {
    const hidden = new Set(look.hidden);
    if (!hidden.delete(entry)) hidden.add(entry);
    onLook({ ...look, hidden });
  };
  return (
    <>
      {layer.remark !== '' && <p>{layer.remark}</p>}
      <ul>
        {layer.entries.map((entry) => (
          <li key={entry.number} data-here={here.has(entry.number)}>
            <label title={[entry.name, entry.remark, here.has(entry.number) ? '' : obt('layer.none_here')].filter(Boolean).join(' · ')}>
              <input type="checkbox" aria-label={obt('layer.visible', { name: entry.name })} checked={!look.hidden.has(entry.number)} onChange={() => toggle(entry.number)} />
              <span class="swatch" style={{ background: css(entry.colour) }} />
              <span class="legend-entry">{entry.name}</span>
            </label>
            {entry.remark !== '' && <small>{entry.remark}</small>}
          </li>
        ))}
      </ul>
      {layer.scale && <Scale scale={layer.scale} look={look} onLook={onLook} />}
      {children}
      <input
        class="legend-slider" type="range" min={5} max={100} value={Math.round(look.opacity * 100)} aria-label={obt('layer.opacity', { name })} title={obt('layer.opacity', { name })}
        onInput={(event) => onLook({ ...look, opacity: event.currentTarget.valueAsNumber / 100 })}
      />
    </>
  );
}

const STEPS = 12;

interface ScaleProps {
  readonly scale: LayerScale;
  readonly look: LayerLook;
  readonly onLook: (look: LayerLook) => void;
}

function Scale({ scale, look, onLook }: ScaleProps): JSX.Element {
  const colours = Array.from({ length: STEPS + 1 }, (_, at) => css(scaleColour(at / STEPS)));
  const amount = (part: number): string => amountText(scale, part);
  return (
    <div class="legend-scale">
      <div class="legend-colours" style={{ background: `linear-gradient(to right, ${colours.join(', ')})` }} />
      <div class="legend-ticks"><span>{amount(0)}</span><span>{amount(0.5)}</span><span>{amount(1)}</span></div>
      <label class="legend-lowest">
        <span>{obt('layer.dose_lowest')}</span>
        <strong>{amount(look.lowest)}</strong>
        <input
          class="legend-slider" type="range" min={1} max={99} value={Math.round(look.lowest * 100)} aria-label={obt('layer.dose_lowest')}
          onInput={(event) => onLook({ ...look, lowest: event.currentTarget.valueAsNumber / 100 })}
        />
      </label>
    </div>
  );
}
