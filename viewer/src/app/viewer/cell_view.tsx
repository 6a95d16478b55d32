/** A cell on the page: the canvas of its viewport, the server's picture until that has drawn, and the overlays. */
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { isImageErrorKey, t } from '../../i18n/locale';
import { Icon } from '../icons';
import { bootPicture } from './boot';
import type { Cell } from './cell';
import { DrawingText } from './drawing_text';
import { Overlay } from './overlay';
import type { ObjectViewProps } from './objects/object_view';
import { savedPart } from './saved/later';
import { DRAGGED_SERIES } from './strip';
import { standInPicture, studyAhead } from './study_ahead';
import type { Workspace } from './workspace';

interface CellViewProps {
  readonly cell: Cell;
  readonly workspace: Workspace;
}

export function CellView({ cell, workspace }: CellViewProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const [aimed, setAimed] = useState(false);
  useLayoutEffect(() => {
    cell.attach(host.current);
    return () => cell.attach(null);
  }, [cell]);

  const view = cell.view.value;
  const desk = workspace.desk.value;
  const state = cell.state.value;
  const active = workspace.active.value === cell.number - 1;
  const voi = view?.voi;
  const study = cell.subject.value?.study;
  const saved = savedPart.value;
  /** Nothing of what was shown before may stand under another series' name. */
  const blank = state === 'document' || state === 'empty' || (state === 'error' && cell.displaySet.value === null);
  const activate = (): void => { workspace.active.value = cell.number - 1; };
  /** What a hand is on is not hung away from under it. */
  const take = (): void => {
    workspace.arranged = true;
    activate();
  };
  const accepts = (event: DragEvent): boolean => event.dataTransfer?.types.includes(DRAGGED_SERIES) ?? false;
  const onDrop = (event: DragEvent): void => {
    setAimed(false);
    const key = event.dataTransfer?.getData(DRAGGED_SERIES);
    const entry = workspace.entries.peek().find((one) => one.key === key);
    if (!entry) return;
    event.preventDefault();
    workspace.show(entry, cell);
  };
  return (
    <section
      class="cell" aria-label={t('viewer.cell', { number: cell.number })} tabIndex={0} data-viewport={cell.number} data-active={active}
      data-aimed={aimed} data-state={state} data-tier={cell.tier.value} data-quality={view?.quality} data-index={view?.index}
      data-count={view?.count} data-voi={voi ? `${voi.center},${voi.width},${voi.function}` : undefined}
      data-prior={study !== undefined && workspace.isPrior(study)} data-stranger={study !== undefined && workspace.isStranger(study)}
      onPointerDown={take} onFocusCapture={activate} onWheelCapture={take}
      onDragOver={(event) => { if (accepts(event)) { event.preventDefault(); setAimed(true); } }}
      onDragLeave={() => setAimed(false)} onDrop={onDrop}
    >
      <div ref={host} class="canvas-hosts" data-hidden={blank} />
      {state === 'loading' && <StandIn cell={cell} />}
      {state === 'empty' && <p class="cell-message">{t('viewer.cell_empty')}</p>}
      {state === 'document' && <LazyObject cell={cell} workspace={workspace} />}
      {state === 'error' && <ErrorMessage cell={cell} />}
      {(state === 'ready' || state === 'error') && !blank && <Overlay cell={cell} workspace={workspace} />}
      {state === 'ready' && cell.layers.value.length > 0 && <LazyLayers cell={cell} />}
      {state === 'ready' && <DrawingText cell={cell} />}
      {desk && state === 'ready' && <desk.parts.CellLayer cell={cell} desk={desk} />}
      {saved && !blank && <saved.Marks cell={cell} />}
      {view && state === 'ready' && view.count > 1 && <Scroller cell={cell} index={view.index} count={view.count} />}
    </section>
  );
}

/** The picture the server rendered, in the place where the image will be. */
function StandIn({ cell }: { readonly cell: Cell }): JSX.Element {
  const subject = cell.subject.value;
  const representative = subject?.series.representative;
  if (!subject || !representative) return <div class="cell-message"><div class="spinner" role="status" aria-label={t('viewer.loading_image')} /></div>;
  const [boot, address] = [bootPicture(), standInPicture(subject.study.uid, subject.series) ?? ''];
  const picture = boot?.includes(`/${representative.sop_instance_uid}/`) ? boot : (studyAhead.picture(address) ?? address);
  return (
    <div class="stand-in" role="status" aria-label={t('viewer.loading_image')}>
      <img src={picture} alt="" draggable={false} onError={(event) => { event.currentTarget.hidden = true; }} />
      <span class="quality" data-quality="preview">{t('quality.preview')}</span>
    </div>
  );
}

/** Reports, documents, waves and the like come with code of their own: Lite does not carry it. */
function LazyObject(props: ObjectViewProps): JSX.Element {
  const [View, setView] = useState<FunctionComponent<ObjectViewProps> | null>(null);
  useEffect(() => {
    import('./objects/object_view').then(({ ObjectView }) => setView(() => ObjectView), () => props.cell.fail('error.image.network'));
  }, []);
  return View ? <View {...props} /> : <div class="cell-message"><div class="spinner" role="status" aria-label={t('viewer.loading_image')} /></div>;
}

function LazyLayers({ cell }: { readonly cell: Cell }): JSX.Element | null {
  const [View, setView] = useState<FunctionComponent<{ readonly cell: Cell }> | null>(null);
  useEffect(() => {
    import('./objects/layers_view').then(({ LayersView }) => setView(() => LayersView), () => { cell.layers.value = []; });
  }, []);
  return View ? <View cell={cell} /> : null;
}

function ErrorMessage({ cell }: { readonly cell: Cell }): JSX.Element {
  const key = cell.errorKey.value ?? '';
  return (
    <div class="cell-message error" role="alert">
      <span class="mark"><Icon name="warning" /></span>
      <p>{t(isImageErrorKey(key) ? key : 'error.image')}</p>
      <button type="button" class="button" onClick={() => void cell.retry()}>{t('app.retry')}</button>
    </div>
  );
}

interface ScrollerProps {
  readonly cell: Cell;
  readonly index: number;
  readonly count: number;
}

/** The place in the stack, to be dragged; the keyboard and the wheel do the same. */
function Scroller({ cell, index, count }: ScrollerProps): JSX.Element {
  return (
    <input
      class="scroller" type="range" min={0} max={count - 1} value={index} tabIndex={-1}
      aria-label={t('viewer.image_position', { index: index + 1, count })}
      onInput={(event) => cell.viewport?.scrollTo(event.currentTarget.valueAsNumber)}
      onChange={(event) => event.currentTarget.blur()}
    />
  );
}
