/** The keys of the volume view, for its own overlay and for the one of the page. */
import type { JSX } from 'preact';

import { t } from '../../../i18n/locale';
import { Dialog } from '../../controls/dialog';
import { Icon } from '../../icons';
import { keyOfTool } from './keys';
import { VOLUME_TOOLS } from './session';
import { vt } from './texts';
import '../../../styles/volume_keys.css';

interface KeyLine {
  readonly caps: readonly string[];
  readonly text: string;
}

/** In the order of the table in `keys.ts`. */
function lines(): readonly KeyLine[] {
  return [
    { caps: ['↑', '↓'], text: vt('volume.key.scroll') },
    { caps: [t('key.page_up'), t('key.page_down')], text: vt('volume.key.page') },
    { caps: ['Shift', '← → ↑ ↓'], text: vt('volume.key.cross') },
    { caps: [',', '.'], text: vt('volume.key.turn') },
    { caps: ['+', '−'], text: t('tool.zoom') },
    ...VOLUME_TOOLS.map((tool) => ({ caps: [keyOfTool(tool)], text: vt(`volume.tool.${tool}`) })),
    { caps: ['Enter'], text: vt('volume.key.end') },
    { caps: ['Del'], text: vt('volume.key.remove') },
    { caps: ['M'], text: vt('volume.slab') },
    { caps: ['I'], text: t('action.invert') },
    { caps: ['1–7'], text: vt('volume.key.presets') },
    { caps: ['R'], text: t('action.reset') },
    { caps: ['← → ↑ ↓'], text: vt('volume.key.render') },
    { caps: ['Esc'], text: t('app.close') },
  ];
}

export function VolumeKeys(): JSX.Element {
  return (
    <ul class="volume-keys">
      {lines().map(({ caps, text }) => (
        <li key={text}><span class="caps">{caps.map((cap) => <kbd key={cap}>{cap}</kbd>)}</span><span>{text}</span></li>
      ))}
    </ul>
  );
}

export function VolumeHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog label={vt('volume.keys')} class="help volume-help" onClose={onClose}>
      <header>
        <h2>{vt('volume.keys')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}><Icon name="close" /></button>
      </header>
      <VolumeKeys />
      <p class="quiet">{vt('volume.mouse')}</p>
    </Dialog>
  );
}
