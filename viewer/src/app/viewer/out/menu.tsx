/** What can be taken out of the viewer: a picture, paper, a link, the DICOM files. The dialogs are loaded when first asked for. */
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { plural, t } from '../../../i18n/locale';
import { Menu, MenuItem } from '../../controls/menu';
import { OUT_COMMANDS } from '../commands';
import { keyCap, strokeOf } from '../key_map';
import type { Workspace } from '../workspace';

interface OutProps {
  readonly workspace: Workspace;
}

export function OutMenu({ workspace }: OutProps): JSX.Element {
  const subject = workspace.activeCell.value.subject.value;
  const study = subject?.study.manifest.value?.study;
  return (
    <Menu label={t('action.out')} icon="out" caption={t('action.out')} buttonClass="tool">
      {Object.values(OUT_COMMANDS).map(({ id, label, icon, run }) => (
        <MenuItem key={id} label={t(label)} icon={icon} stroke={keyCap(strokeOf(OUT_COMMANDS[id]))} onChoose={() => run(workspace)} />
      ))}
      {subject && (
        <MenuItem
          label={t('action.zip_series')} icon="download" end={plural('count.images', subject.series.number_of_instances)}
          onChoose={() => download(subject.study.uid, subject.series.series_instance_uid)}
        />
      )}
      {subject && study && (
        <MenuItem
          label={t('action.zip_study')} icon="download" end={plural('count.images', study.number_of_instances)}
          onChoose={() => download(subject.study.uid)}
        />
      )}
    </Menu>
  );
}

/** The server makes the archive while it sends it (PS3.18 §8.7.3.3); the browser writes it to disk as it comes. */
function download(study: string, series?: string): void {
  const link = document.createElement('a');
  link.href = `/dicom-web/studies/${encodeURIComponent(study)}${series === undefined ? '' : `/series/${encodeURIComponent(series)}`}?accept=application/zip`;
  link.download = `${series ?? study}.zip`;
  link.click();
}

/** Nothing of this is loaded before it is wanted: the first image comes first. */
export function OutDialogsLater({ workspace }: OutProps): JSX.Element | null {
  const [Loaded, setLoaded] = useState<FunctionComponent<OutProps> | null>(null);
  const wanted = workspace.outShown.value !== null;
  useEffect(() => {
    if (wanted && !Loaded) void import('./dialogs').then(({ OutDialogs }) => setLoaded(() => OutDialogs), () => { workspace.outShown.value = null; });
  }, [wanted]);
  return wanted && Loaded ? <Loaded workspace={workspace} /> : null;
}
