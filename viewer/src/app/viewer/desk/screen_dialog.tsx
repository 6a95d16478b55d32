/** Measuring the screen with a card of known size, so that true size is true. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { t } from '../../../i18n/locale';
import { Dialog } from '../../controls/dialog';
import { CARD_HEIGHT_MM, CARD_WIDTH_MM, pixelsPerMm, setPixelsPerMm } from '../../screen_scale';
import type { DeskProps } from './desk';
import { lt } from './texts';

/** 96 CSS pixels to the inch is what CSS means; screens differ from it. */
const NOMINAL = 96 / 25.4;
const RANGE = { least: 150, most: 900 } as const;

export function ScreenDialog({ desk }: DeskProps): JSX.Element {
  const [width, setWidth] = useState(Math.round((pixelsPerMm.peek() ?? NOMINAL) * CARD_WIDTH_MM));
  const close = (): void => { desk.scale.measuring.value = false; };
  const done = (): void => {
    setPixelsPerMm(width / CARD_WIDTH_MM);
    close();
    desk.scale.trueSize();
  };
  return (
    <Dialog label={lt('true_size.title')} class="screen-dialog" onClose={close}>
      <h2>{lt('true_size.title')}</h2>
      <p class="quiet">{lt('true_size.text')}</p>
      <div class="card-frame" style={{ width: `${width}px`, height: `${(width * CARD_HEIGHT_MM) / CARD_WIDTH_MM}px` }} />
      <label>
        <span>{lt('true_size.width')}</span>
        <input
          type="range" min={RANGE.least} max={RANGE.most} value={width} step={1}
          onInput={(event) => setWidth(event.currentTarget.valueAsNumber)}
        />
      </label>
      <div class="actions">
        <button type="button" class="button" onClick={close}>{t('app.close')}</button>
        <button type="button" class="button primary" onClick={done}>{lt('true_size.done')}</button>
      </div>
    </Dialog>
  );
}
