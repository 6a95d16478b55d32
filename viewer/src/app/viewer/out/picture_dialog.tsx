/** Saves the image of the active cell as a picture, after showing exactly what will be in it. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { t } from '../../../i18n/locale';
import { Dialog } from '../../controls/dialog';
import { Icon } from '../../icons';
import type { Workspace } from '../workspace';
import { burnedIn } from './burned_in';
import { Choice, Switch } from './choice';
import { askExport, type ExportRefusal } from './export';
import { type PictureFile, pictureFile, type PictureOrder, save } from './picture';
import { type OutSubject, outSubject } from './subject';
import { ot } from './texts';

interface DialogProps {
  readonly workspace: Workspace;
  readonly onClose: () => void;
}

export function PictureDialog({ workspace, onClose }: DialogProps): JSX.Element {
  const frozen = useRef<OutSubject | null>(null);
  // The picture stays that of the moment when the image was there in full quality.
  frozen.current ??= outSubject(workspace.activeCell.value);
  const subject = frozen.current;
  const written = subject ? burnedIn(subject.image.instance) : 'no';
  const [order, setOrder] = useState<PictureOrder>({ area: 'cell', identified: true, drawings: true, layers: true, format: 'png' });
  const { file, failed } = usePicture(subject, order);
  const [refused, setRefused] = useState<ExportRefusal | null>(null);
  const change = (part: Partial<PictureOrder>): void => setOrder({ ...order, ...part });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!file || !subject) return;
    const refusal = await askExport('picture', [subject], order.identified);
    setRefused(refusal);
    if (refusal) return;
    save(file);
    onClose();
  };
  return (
    <Dialog label={ot('picture.title')} class="out" onClose={onClose}>
      <OutHeader title={ot('picture.title')} onClose={onClose} />
      {subject ? (
        <div class="out-body">
          <div class="out-preview picture" data-made={file !== null}>
            {file && <Preview file={file} />}
            {failed && <p role="alert">{ot('picture.failed')}</p>}
          </div>
          <form class="out-form" onSubmit={(event) => void submit(event)}>
            <Choice
              legend={ot('picture.area')} value={order.area} onChoose={(area) => change({ area })}
              options={[{ value: 'cell', label: ot('picture.area.cell') }, { value: 'whole', label: ot('picture.area.whole') }]}
            />
            <Choice
              legend={ot('picture.format')} value={order.format} onChoose={(format) => change({ format })}
              options={[{ value: 'png', label: ot('picture.format.png') }, { value: 'jpeg', label: ot('picture.format.jpeg') }]}
            />
            <div class="out-switches">
              <Switch
                label={ot('picture.identified')} value={order.identified} refused={written === 'yes'}
                onChange={(identified) => change({ identified })}
              />
              <Switch label={ot('picture.drawings')} value={order.drawings} onChange={(drawings) => change({ drawings })} />
              {subject.layers.length > 0 && <Switch label={ot('layers.with')} value={order.layers} onChange={(layers) => change({ layers })} />}
            </div>
            <Warnings subject={subject} order={order} written={written} />
            <Refused refusal={refused} />
            <p class="quiet">{ot('picture.note')}</p>
            <div class="dialog-acts">
              <button type="button" class="button" onClick={onClose}>{t('app.close')}</button>
              <button type="submit" class="button primary" disabled={file === null}><Icon name="download" />{ot('picture.save')}</button>
            </div>
          </form>
        </div>
      ) : <p class="out-refused" role="alert">{ot('picture.not_ready')}</p>}
    </Dialog>
  );
}

/** Why nothing was saved or printed. */
export function Refused({ refusal }: { readonly refusal: ExportRefusal | null }): JSX.Element {
  return <div class="out-warnings" role="alert">{refusal !== null && <p>{ot(`export.${refusal}`)}</p>}</div>;
}

interface WarningsProps {
  readonly subject: OutSubject;
  readonly order: PictureOrder;
  readonly written: ReturnType<typeof burnedIn>;
}

function Warnings({ subject, order, written }: WarningsProps): JSX.Element {
  const drawnText = order.drawings && subject.view.measurements.some((one) => one.text !== undefined && one.text !== '');
  return (
    <div class="out-warnings" aria-live="polite">
      {written === 'yes' && <p>{ot('picture.burned_in')}</p>}
      {written === 'perhaps' && !order.identified && <p>{ot('picture.perhaps')}</p>}
      {drawnText && !order.identified && <p>{ot('picture.drawn_text')}</p>}
    </div>
  );
}

/** The picture as ordered last; an older order that is done later is dropped. */
function usePicture(subject: OutSubject | null, order: PictureOrder): { readonly file: PictureFile | null; readonly failed: boolean } {
  const [file, setFile] = useState<PictureFile | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    setFile(null);
    setFailed(false);
    if (subject) {
      pictureFile(subject, order).then(
        (made) => { if (wanted) setFile(made); },
        () => { if (wanted) setFailed(true); },
      );
    }
    return () => { wanted = false; };
  }, [subject, order]);
  return { file, failed };
}

function Preview({ file }: { readonly file: PictureFile }): JSX.Element {
  const picture = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const url = URL.createObjectURL(file.blob);
    if (picture.current) picture.current.src = url;
    return () => URL.revokeObjectURL(url);
  }, [file]);
  return <img ref={picture} alt={ot('picture.preview')} data-name={file.name} />;
}

export function OutHeader({ title, onClose }: { readonly title: string; readonly onClose: () => void }): JSX.Element {
  return (
    <header class="out-header">
      <h2>{title}</h2>
      <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}><Icon name="close" /></button>
    </header>
  );
}
