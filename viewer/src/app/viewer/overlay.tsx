/** The corners and edges of an image: patient, study, series, position, window, zoom, quality, orientation, scale. */
import type { JSX } from 'preact';

import type { ImageReference } from '../../core/display_set';
import type { ViewportState } from '../../core/viewport';
import { formatDecimal } from '../../i18n/dates';
import { locale, t } from '../../i18n/locale';
import { Icon } from '../icons';
import { pixelsPerMm } from '../screen_scale';
import type { Cell } from './cell';
import { overlayText, scaleBar } from './overlay_text';
import { Standing } from './standing';
import { isZoom, oneToOneZoom, trueSizeZoom } from './true_scale';
import type { Workspace } from './workspace';

/** The same in every language. */
const ONE_TO_ONE = '1:1';

interface OverlayProps {
  readonly cell: Cell;
  readonly workspace: Workspace;
}

export function Overlay({ cell, workspace }: OverlayProps): JSX.Element | null {
  const view = cell.view.value;
  const set = view?.displaySet ?? cell.displaySet.value;
  const image = set?.images[view?.index ?? 0];
  if (!view || !set || !image) return null;
  const words = overlayText(set, image);
  const scale = scaleBar(image, view.zoom);
  const [name, ...person] = words.patient;
  return (
    <div class="overlay">
      <div class="corner top-left">
        <strong>{name}</strong>
        {person.map((line) => <span key={line}>{line}</span>)}
      </div>
      <div class="corner top-right">{words.study.map((line) => <span key={line}>{line}</span>)}</div>
      <div class="corner bottom-left">
        {words.side !== '' && <strong class="side">{words.side}</strong>}
        {words.series.map((line) => <span key={line}>{line}</span>)}
        <span class="position">{t('viewer.image_position', { index: view.index + 1, count: view.count })}</span>
      </div>
      <div class="corner bottom-right">
        {words.lossy !== null && view.quality !== 'lossy' && <span class="lossy">{words.lossy}</span>}
        <span>{zoomText(view.zoom, image)}</span>
        {view.voi && <span>{windowText(view.voi)}</span>}
        <QualityBadge view={view} lossy={words.lossy} />
      </div>
      <Standing cell={cell} workspace={workspace} />
      {(['left', 'right', 'top', 'bottom'] as const).map((edge) => (
        view.orientation[edge] !== '' && <span key={edge} class={`edge ${edge}`}>{view.orientation[edge]}</span>
      ))}
      {scale && (
        <div class="scale" style={{ width: `${scale.pixels}px` }}>
          <span>{scale.label}</span>
        </div>
      )}
    </div>
  );
}

/** What the pixels are worth is always said; only full quality may be quiet about it. */
function QualityBadge({ view, lossy }: { readonly view: ViewportState; readonly lossy: string | null }): JSX.Element {
  return (
    <span class="quality" data-quality={view.quality}>
      {view.quality === 'lossless' && <Icon name="check" />}
      {view.quality === 'lossy' && lossy !== null ? lossy : t(`quality.${view.quality}`)}
    </span>
  );
}

export function windowText({ center, width }: { readonly center: number; readonly width: number }): string {
  const decimals = Math.abs(width) < 10 ? 2 : 0;
  return t('viewer.window_values', { width: formatDecimal(width, decimals), center: formatDecimal(center, decimals) });
}

function zoomText(zoom: number, image: ImageReference): string {
  const percent = new Intl.NumberFormat(locale.value, { style: 'percent', maximumFractionDigits: 0 }).format(zoom);
  const scale = pixelsPerMm.value;
  const marks = [
    isZoom(zoom, oneToOneZoom(window.devicePixelRatio || 1)) ? ONE_TO_ONE : '',
    isZoom(zoom, scale === null ? null : trueSizeZoom(image, scale)) ? t('viewer.true_size') : '',
  ];
  return [percent, ...marks].filter(Boolean).join(' · ');
}
