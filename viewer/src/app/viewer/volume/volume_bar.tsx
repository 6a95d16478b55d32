/** The head of the volume view: whose volume it is, the tools, window, slab and what else is seen with it. */
import type { JSX } from 'preact';

import { PRESETS } from '../../../core/preset';
import { formatDecimal } from '../../../i18n/dates';
import { t } from '../../../i18n/locale';
import { Menu, MenuItem } from '../../controls/menu';
import { Icon, type IconName } from '../../icons';
import { patientName, studyMoment } from '../../studies/study_text';
import { FusionBar } from './fusion_bar';
import { keyOfTool } from './keys';
import { SLAB_MODES, THICKEST, VOLUME_TOOLS, type VolumeSession, type VolumeTool } from './session';
import { vt } from './texts';

const ICONS: Readonly<Record<VolumeTool, IconName>> = {
  cross: 'volume_cross', window: 'window', pan: 'pan', zoom: 'zoom', length: 'length', curve: 'curve',
};

interface BarProps {
  readonly session: VolumeSession;
  readonly refused: boolean;
  readonly onClose: () => void;
}

export function VolumeBar({ session, refused, onClose }: BarProps): JSX.Element {
  const study = session.study.manifest.value?.study;
  return (
    <header class="volume-bar">
      <div class="whose-part">
        <h1>{study ? patientName(study) : ''}</h1>
        <p class="number">{study ? [study.patient_id, studyMoment(study), session.set.description, session.part ? vt('volume.part_short', { ...session.part }) : ''].filter(Boolean).join(' · ') : ''}</p>
      </div>
      {!refused && <Tools session={session} />}
      <button type="button" class="icon-button" aria-label={t('app.close')} title={`${t('app.close')} (Esc)`} onClick={onClose}><Icon name="close" /></button>
    </header>
  );
}

function Tools({ session }: { readonly session: VolumeSession }): JSX.Element {
  return (
    <div class="toolbar" role="toolbar" aria-label={vt('volume.tools')}>
      <div class="tool-group" role="group" aria-label={t('tool.group')}>
        {VOLUME_TOOLS.map((tool) => (
          <button
            key={tool} type="button" class="tool" data-tool={tool} aria-label={vt(`volume.tool.${tool}`)} title={`${vt(`volume.tool.${tool}`)} (${keyOfTool(tool)})`}
            aria-pressed={session.tool.value === tool} aria-keyshortcuts={keyOfTool(tool)} onClick={() => { session.tool.value = tool; }}
          >
            <Icon name={ICONS[tool]} />
          </button>
        ))}
      </div>
      <div class="tool-group">
        {session.base?.unit.value === 'HU' && <Presets session={session} />}
        <button
          type="button" class="tool" aria-label={t('action.invert')} title={`${t('action.invert')} (I)`} aria-pressed={session.inverted.value}
          onClick={() => { session.inverted.value = !session.inverted.peek(); }}
        >
          <Icon name="invert" />
        </button>
        <button type="button" class="tool" aria-label={t('action.reset')} title={`${t('action.reset')} (R)`} onClick={() => session.reset()}><Icon name="reset" /></button>
      </div>
      <Slab session={session} />
      <FusionBar session={session} />
      <button
        type="button" class="tool" aria-label={t('action.help')} title={`${t('action.help')} (?)`} aria-keyshortcuts="?"
        onClick={() => { session.helpShown.value = true; }}
      >
        <Icon name="help" />
      </button>
    </div>
  );
}

function Presets({ session }: { readonly session: VolumeSession }): JSX.Element {
  const voi = session.base?.voi.value;
  return (
    <Menu label={t('action.presets')} icon="presets" buttonClass="tool">
      {PRESETS.map(({ name, key, voi: preset }) => (
        <MenuItem
          key={name} label={t(`preset.${name}`)} end={`${formatDecimal(preset.center, 0)} / ${formatDecimal(preset.width, 0)}`} stroke={key}
          checked={voi?.center === preset.center && voi.width === preset.width}
          onChoose={() => { if (session.base) session.base.voi.value = preset; }}
        />
      ))}
    </Menu>
  );
}

function Slab({ session }: { readonly session: VolumeSession }): JSX.Element {
  const thin = session.slab.value === 'thin';
  return (
    <div class="tool-group slab">
      <label>
        <span class="visually-hidden">{vt('volume.slab')}</span>
        <select
          name="slab" title={`${vt('volume.slab')} (M)`} value={session.slab.value}
          onChange={(event) => { session.slab.value = SLAB_MODES.find((mode) => mode === event.currentTarget.value) ?? 'thin'; }}
        >
          {SLAB_MODES.map((mode) => <option key={mode} value={mode}>{vt(`volume.slab.${mode}`)}</option>)}
        </select>
      </label>
      <label class="thickness" title={vt('volume.thickness')}>
        <span class="visually-hidden">{vt('volume.thickness')}</span>
        <input
          type="number" name="thickness" min="0.1" max={THICKEST} step="any" value={session.thickness.value} disabled={thin}
          onInput={(event) => session.setThickness(event.currentTarget.valueAsNumber)}
        />
        <span aria-hidden="true">{vt('volume.millimetres')}</span>
      </label>
    </div>
  );
}
