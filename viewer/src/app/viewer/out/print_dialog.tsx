/** Prints the image of the active cell or the whole layout on A4, after showing the sheet. */
import { type JSX, render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { t } from '../../../i18n/locale';
import { Dialog } from '../../controls/dialog';
import { Icon } from '../../icons';
import type { Workspace } from '../workspace';
import { burnedIn } from './burned_in';
import { Choice, Switch } from './choice';
import { askExport, type ExportRefusal } from './export';
import { OutHeader, Refused } from './picture_dialog';
import { hasTrueSize, makeSheet, type Paper, type Sheet } from './sheet';
import { SheetView } from './sheet_view';
import { type OutSubject, outSubject } from './subject';
import { ot } from './texts';

interface PrintOrder {
  readonly what: 'cell' | 'layout';
  readonly paper: Paper;
  readonly size: 'fit' | 'true';
  readonly identified: boolean;
  readonly layers: boolean;
}

interface Printable {
  readonly active: OutSubject | null;
  readonly all: readonly (OutSubject | null)[];
  readonly columns: number;
  readonly rows: number;
  /** No cell shows an image that is still coming. */
  readonly complete: boolean;
}

/** Rows and columns as the cells stand on the screen, whatever made the layout. */
function printable(workspace: Workspace): Printable {
  const cells = workspace.shownCells.peek();
  const boxes = [...document.querySelectorAll<HTMLElement>('[data-viewport]')].map((one) => one.getBoundingClientRect());
  const columns = Math.max(1, new Set(boxes.map(({ left }) => Math.round(left))).size);
  const all = cells.map(outSubject);
  const complete = cells.every((cell, at) => all[at] !== null || !['loading', 'ready'].includes(cell.state.value));
  return { active: outSubject(workspace.activeCell.value), all, columns, rows: Math.max(1, Math.ceil(cells.length / columns)), complete };
}

export function PrintDialog({ workspace, onClose }: { readonly workspace: Workspace; readonly onClose: () => void }): JSX.Element {
  const frozen = useRef<Printable | null>(null);
  const found = frozen.current ?? printable(workspace);
  // What is to be printed stays what it is from the moment when all of it is there in full quality.
  if (found.complete) frozen.current = found;
  const [order, setOrder] = useState<PrintOrder>({ what: 'cell', paper: 'portrait', size: 'fit', identified: true, layers: true });
  const { sheet, failed } = useSheet(found, order);
  const [refused, setRefused] = useState<ExportRefusal | null>(null);
  /** What the archive has let out, and for the how manieth time; any other sheet has to be asked for. */
  const [released, setReleased] = useState<{ readonly sheet: Sheet; readonly number: number } | null>(null);
  const change = (part: Partial<PrintOrder>): void => setOrder({ ...order, ...part });
  const { active, all } = found;
  const subjects = [...all, active].filter((one) => one !== null);
  const calibrated = active !== null && hasTrueSize(active);
  const written = subjects.some((one) => burnedIn(one.image.instance) === 'yes');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!sheet || !active) return;
    const refusal = await askExport('print', order.what === 'cell' ? [active] : all.filter((one) => one !== null), order.identified);
    setRefused(refusal);
    if (!refusal) setReleased({ sheet, number: (released?.number ?? 0) + 1 });
  };
  const first = order.what === 'cell' ? active : (subjects[0] ?? null);
  return (
    <Dialog label={ot('print.title')} class="out" onClose={onClose}>
      <OutHeader title={ot('print.title')} onClose={onClose} />
      {active && first ? (
        <div class="out-body">
          <div class="out-preview sheet" data-made={sheet !== null} role="img" aria-label={ot('print.preview')}>
            {sheet && <SheetView sheet={sheet} paper={order.paper} subject={first} identified={order.identified} />}
            {sheet && released?.sheet === sheet && (
              <OnPaper key={released.number}><SheetView sheet={sheet} paper={order.paper} subject={first} identified={order.identified} /></OnPaper>
            )}
            {failed && <p role="alert">{ot('picture.failed')}</p>}
          </div>
          <form class="out-form" onSubmit={(event) => void submit(event)}>
            <Choice
              legend={ot('print.what')} value={order.what} onChoose={(what) => change({ what, ...(what === 'layout' ? { size: 'fit' } : {}) })}
              options={[
                { value: 'cell', label: ot('print.what.cell') },
                { value: 'layout', label: ot('print.what.layout'), refused: all.length < 2 || !found.complete || workspace.twoPatients.value },
              ]}
            />
            <Choice
              legend={ot('print.paper')} value={order.paper} onChoose={(paper) => change({ paper })}
              options={[{ value: 'portrait', label: ot('print.paper.portrait') }, { value: 'landscape', label: ot('print.paper.landscape') }]}
            />
            <Choice
              legend={ot('print.size')} value={order.size} onChoose={(size) => change({ size })}
              options={[
                { value: 'fit', label: ot('print.size.fit') },
                { value: 'true', label: ot('print.size.true'), refused: !calibrated || order.what === 'layout' },
              ]}
            />
            <div class="out-switches">
              <Switch label={ot('picture.identified')} value={order.identified} refused={written} onChange={(identified) => change({ identified })} />
              {subjects.some(({ layers }) => layers.length > 0) && <Switch label={ot('layers.with')} value={order.layers} onChange={(layers) => change({ layers })} />}
            </div>
            <div class="out-warnings" aria-live="polite">
              {!found.complete && <p>{ot('print.waiting')}</p>}
              {!calibrated && <p>{ot('print.true_refused')}</p>}
              {calibrated && order.what === 'layout' && <p>{ot('print.true_layout')}</p>}
              {workspace.twoPatients.value && <p>{ot('print.two_patients')}</p>}
              {written && <p>{ot('picture.burned_in')}</p>}
              {sheet?.cut && <p>{ot('print.cut')}</p>}
            </div>
            <Refused refusal={refused} />
            <div class="dialog-acts">
              <button type="button" class="button" onClick={onClose}>{t('app.close')}</button>
              <button type="submit" class="button primary" disabled={sheet === null}><Icon name="printer" />{ot('print.print')}</button>
            </div>
          </form>
        </div>
      ) : <p class="out-refused" role="alert">{ot('picture.not_ready')}</p>}
    </Dialog>
  );
}

/** Puts the sheet beside the application, where the printer finds nothing else, and prints it once its pictures are there. */
function OnPaper({ children }: { readonly children: JSX.Element }): null {
  useEffect(() => {
    const root = document.createElement('div');
    root.className = 'print-root';
    document.body.append(root);
    render(children, root);
    const pictures = [...root.querySelectorAll('img')].map((picture) => picture.decode());
    void Promise.allSettled(pictures).then(() => { if (root.isConnected) globalThis.print(); });
    return () => {
      render(null, root);
      root.remove();
    };
  }, []);
  return null;
}

/** The sheet as ordered last; its pictures are freed with it. */
function useSheet({ active, all, columns, rows }: Printable, order: PrintOrder): { readonly sheet: Sheet | null; readonly failed: boolean } {
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    let made: Sheet | null = null;
    const free = (): void => { for (const { url } of made?.pictures ?? []) if (url !== '') URL.revokeObjectURL(url); };
    setSheet(null);
    setFailed(false);
    const whole = order.what === 'layout';
    const shape = whole ? { columns, rows } : { columns: 1, rows: 1 };
    makeSheet(whole ? all : [active], { ...shape, paper: order.paper, trueSize: order.size === 'true', identified: order.identified, layers: order.layers }).then(
      (done) => {
        made = done;
        if (wanted) setSheet(done);
        else free();
      },
      () => { if (wanted) setFailed(true); },
    );
    return () => {
      wanted = false;
      free();
    };
  }, [order, active === null]);
  return { sheet, failed };
}
