/** The menu of what may be laid over the volume, and how much of it is seen. */
import type { JSX } from 'preact';

import { t } from '../../../i18n/locale';
import { Menu, MenuItem } from '../../controls/menu';
import type { Fusion } from './fusion';
import type { Layer } from './layer';
import type { VolumeSession } from './session';
import { vt } from './texts';

export function FusionBar({ session }: { readonly session: VolumeSession }): JSX.Element | null {
  const { fusion } = session;
  if (fusion.choices.length === 0) return null;
  const layer = fusion.layer.value;
  return (
    <div class="tool-group fusion">
      <Menu label={vt('volume.fusion')} icon="fusion" buttonClass="tool">
        <MenuItem label={vt('volume.fusion.none')} checked={layer === null} onChoose={() => fusion.clear()} />
        {fusion.choices.map((series) => (
          <MenuItem
            key={series.series_instance_uid} label={series.series_description || t('viewer.series_number', { number: String(series.series_number ?? '') })}
            end={series.modality} checked={layer?.set.seriesInstanceUid === series.series_instance_uid} onChoose={() => void fusion.choose(series)}
          />
        ))}
      </Menu>
      {layer && <FusionLook fusion={fusion} layer={layer} />}
    </div>
  );
}

function FusionLook({ fusion, layer }: { readonly fusion: Fusion; readonly layer: Layer }): JSX.Element {
  const voi = layer.voi.value;
  const factor = layer.factor;
  const upper = voi ? (voi.center + voi.width / 2) * factor : 0;
  return (
    <>
      <label class="thickness">
        <span>{vt('volume.fusion.opacity')}</span>
        <input
          type="range" name="fusion-opacity" min="0" max="100" value={Math.round(fusion.opacity.value * 100)}
          onInput={(event) => { fusion.opacity.value = event.currentTarget.valueAsNumber / 100; }}
        />
      </label>
      <label class="thickness">
        <span>{vt('volume.fusion.upper', { unit: layer.shownUnit })}</span>
        <input
          type="number" name="fusion-upper" min="0" step="any" value={Number(upper.toPrecision(4))}
          onChange={(event) => { layer.showFromZeroTo(event.currentTarget.valueAsNumber / factor); }}
        />
      </label>
    </>
  );
}
