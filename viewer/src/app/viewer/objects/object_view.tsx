/** What a cell shows of a series that is no stack of images; each kind is loaded when it is first needed. */
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { text } from '../../../core/attribute';
import type { DicomInstance } from '../../../core/display_set';
import { kindOfObject, type ObjectKind } from '../../../core/object_kind';
import { Tag } from '../../../core/tag';
import { t } from '../../../i18n/locale';
import { Icon } from '../../icons';
import type { Cell } from '../cell';
import type { Workspace } from '../workspace';
import { FileLink, ObjectFrame } from './frame';
import { kindText } from './kind_text';
import { obt } from './texts';

export interface ObjectProps {
  /** The instance; of a slide its first level. */
  readonly instance: DicomInstance;
  /** All instances of the object. */
  readonly instances: readonly DicomInstance[];
  readonly kind: string;
  readonly cell: Cell;
  readonly workspace: Workspace;
}

type View = FunctionComponent<ObjectProps>;

const VIEWS: Readonly<Partial<Record<ObjectKind, () => Promise<View>>>> = {
  report: async () => (await import('./report_view')).ReportView,
  key_objects: async () => (await import('./report_view')).ReportView,
  pdf: async () => (await import('./pdf_view')).PdfView,
  segmentation: async () => (await import('./layer_door')).LayerDoor,
  structures: async () => (await import('./layer_door')).LayerDoor,
  dose: async () => (await import('./layer_door')).LayerDoor,
  slide: async () => (await import('./slide_view')).SlideView,
  video: async () => (await import('./film_view')).FilmView,
  waveform: async () => (await import('./waveform_view')).WaveformView,
};

export interface ObjectViewProps {
  readonly cell: Cell;
  readonly workspace: Workspace;
}

export function ObjectView({ cell, workspace }: ObjectViewProps): JSX.Element | null {
  const instances = cell.displaySet.value?.objects ?? [];
  const [instance] = instances;
  if (!instance) return null;
  const objectKind = kindOfObject(instance);
  const kind = kindText(objectKind);
  const load = objectKind === null ? undefined : VIEWS[objectKind];
  const props = { instance, instances, kind, cell, workspace };
  return load ? <LazyView key={text(instance, Tag.SOPInstanceUID)} load={load} {...props} /> : <Unshown {...props} />;
}

function LazyView({ load, ...props }: ObjectProps & { readonly load: () => Promise<View> }): JSX.Element {
  const [View, setView] = useState<View | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    load().then((found) => setView(() => found), () => setFailed(true));
  }, []);
  if (View) return <View {...props} />;
  if (failed) return <Unshown {...props} reason={obt('object.failed')} />;
  return <div class="cell-message"><div class="spinner" role="status" aria-label={obt('object.loading')} /></div>;
}

/** What cannot be shown says what it is and offers the file. */
export function Unshown({ instance, kind, reason }: ObjectProps & { readonly reason?: string }): JSX.Element {
  return (
    <ObjectFrame instance={instance} kind={kind}>
      <div class="object-message">
        <span class="mark"><Icon name="document" /></span>
        <p class="primary">{kind}</p>
        <p>{reason ?? obt('object.not_shown')}</p>
        {kind === t('kind.unsupported') && <p class="number">{obt('object.sop_class', { uid: text(instance, Tag.SOPClassUID) })}</p>}
        <FileLink instance={instance} primary />
      </div>
    </ObjectFrame>
  );
}
