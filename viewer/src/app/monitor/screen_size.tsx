/** Measures the screen with a card that everybody carries. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { formatDecimal } from '../../i18n/dates';
import { CARD_HEIGHT_MM, CARD_WIDTH_MM, pixelsPerMm, setPixelsPerMm } from '../screen_scale';
import { mt } from './texts';

/** What a screen is taken for until it has been measured: 96 dots an inch. */
const USUAL = 96 / 25.4;
const RANGE = { least: 160, most: 700 } as const;

export function ScreenSize(): JSX.Element {
  const known = pixelsPerMm.value;
  const [width, setWidth] = useState(Math.round((known ?? USUAL) * CARD_WIDTH_MM * 4) / 4);
  const perMm = width / CARD_WIDTH_MM;
  return (
    <section aria-labelledby="monitor-size">
      <h2 id="monitor-size">{mt('size')}</h2>
      <p>{mt('size.how')}</p>
      <div class="monitor-card" style={{ width: `${width}px`, height: `${CARD_HEIGHT_MM * perMm}px` }}><span>{mt('size.card')}</span></div>
      <input
        type="range" min={RANGE.least} max={RANGE.most} step={0.25} value={width} aria-label={mt('size.slider')}
        onInput={(event) => setWidth(event.currentTarget.valueAsNumber)}
      />
      <div class="monitor-ruler" style={{ width: `${100 * perMm}px` }}><span>{mt('size.ruler')}</span></div>
      <button type="button" class="button" onClick={() => setPixelsPerMm(perMm)}>{mt('size.keep')}</button>
      <p class="quiet" role="status">{known === null ? '' : mt('size.kept', { value: formatDecimal(known, 2) })}</p>
    </section>
  );
}
