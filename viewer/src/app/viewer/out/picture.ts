/** One image as a picture of the browser: the same display values as on the screen, drawings and words burned in. */
import { FITTED_PRESENTATION } from '../../../core/presentation';
import { text } from '../../../core/attribute';
import { pixelAspect } from '../../../core/geometry';
import { shutter, shutterPaths } from '../../../core/shutter';
import { overlayPlanes, overlayRgba } from '../../../core/overlay_plane';
import { CanvasRenderer } from '../../../lite/canvas_renderer';
import { FramePictures } from '../../../lite/frame_picture';
import { css } from '../../../core/layer_colour';
import { DrawingLayer } from '../../../drawing/layer';
import { bitmapShutter } from '../../../drawing/overlay_layer';
import { compose, scaling } from '../../../core/affine';
import type { DecodedFrame } from '../../../core/frame';
import { drawLayers, legendLines, readLayers } from './picture_layers';
import { asInCell, type Placed, whole } from './placed';
import { frameOf, type OutSubject, transformOf } from './subject';
import { fileName, write, writing } from './writing';

export interface PictureOrder {
  /** As the cell shows it, or the whole image in its own pixels. */
  readonly area: 'cell' | 'whole';
  /** With the patient's name, number and dates. */
  readonly identified: boolean;
  readonly drawings: boolean;
  /** With segmentations, structures and doses; without, the picture says that they are left out. */
  readonly layers: boolean;
  readonly format: 'png' | 'jpeg';
}

const JPEG_QUALITY = 0.95;
const PATIENT_ID = '00100020';

export function placedFor(subject: OutSubject, area: PictureOrder['area'], frame: DecodedFrame): Placed {
  if (area === 'cell') return asInCell(subject.cell, subject.placement);
  const { image, presentation } = subject;
  const { rotation, flipped } = presentation;
  return whole({ width: frame.format.columns, height: frame.format.rows }, pixelAspect(image.instance, image.frame), { ...FITTED_PRESENTATION, rotation, flipped });
}

/** Draw the image, its overlay planes, layers, drawings and words. @throws FrameError, DicomWebError */
export async function drawPicture(
  subject: OutSubject, placed: Placed, { identified, drawings, layers }: Pick<PictureOrder, 'identified' | 'drawings' | 'layers'>,
): Promise<HTMLCanvasElement> {
  const [frame, read] = await Promise.all([frameOf(subject), readLayers(subject)]);
  const renderer = new CanvasRenderer();
  renderer.resize(placed.size);
  renderer.draw(new FramePictures().picture(frame, transformOf(frame, subject), subject.view.inverted), placed.map);
  const context = renderer.canvas.getContext('2d');
  if (!context) throw new Error('There is no 2D canvas here');
  context.setTransform(1, 0, 0, 1, 0, 0);
  drawShutter(context, subject, placed, frame);
  drawPlanes(context, subject, placed, frame, identified);
  if (layers) drawLayers(context, read, placed);
  if (drawings) await drawMeasurements(context, subject, placed);
  write(context, placed, subject, writing(subject, identified), legendLines(read, layers, identified));
  return renderer.canvas;
}

/** What the header does not want to be looked at is not in the picture either (PS3.3 C.7.6.11). */
function drawShutter(context: CanvasRenderingContext2D, { image }: OutSubject, { map }: Placed, frame: DecodedFrame): void {
  const found = shutter(image.instance, image.frame);
  if (!found) return;
  context.save();
  context.setTransform(map.a, map.b, map.c, map.d, map.e, map.f);
  context.fillStyle = css(found.colour);
  const { columns, rows } = frame.format;
  for (const path of shutterPaths(found, columns, rows, pixelAspect(image.instance, image.frame))) context.fill(new Path2D(path), 'evenodd');
  context.restore();
}

/** A bitmap shutter, and the overlay planes: not without the patient, whose name one of them may be. */
function drawPlanes(context: CanvasRenderingContext2D, { image }: OutSubject, { map }: Placed, frame: DecodedFrame, identified: boolean): void {
  const { rows, columns } = frame.format;
  const pixels = frame.kind === 'grayscale' ? frame.pixels : null;
  const rgba = overlayRgba(identified ? overlayPlanes(image.instance, image.frame, pixels) : [], rows, columns, bitmapShutter(image, rows, columns, pixels));
  if (!rgba) return;
  const page = document.createElement('canvas');
  [page.width, page.height] = [columns, rows];
  page.getContext('2d')?.putImageData(new ImageData(rgba, columns, rows), 0, 0);
  context.save();
  context.setTransform(map.a, map.b, map.c, map.d, map.e, map.f);
  context.drawImage(page, 0, 0);
  context.restore();
}

/** As both renderers draw them on the screen. */
async function drawMeasurements(context: CanvasRenderingContext2D, { image, view }: OutSubject, { size, map, unit }: Placed): Promise<void> {
  const drawn = view.measurements.filter((one) => one.sopInstanceUid === image.sopInstanceUid && one.frame === image.frame);
  if (drawn.length === 0) return;
  const stand = document.createElement('div');
  // Labels keep within the element, so it has to have a size.
  stand.style.cssText = `position:fixed;visibility:hidden;width:${size.width / unit}px;height:${size.height / unit}px`;
  document.body.append(stand);
  const layer = new DrawingLayer(stand);
  layer.draw(drawn, compose(scaling(1 / unit, 1 / unit), map), null, { box: null, cross: null });
  stand.remove();
  const svg = stand.querySelector('svg');
  if (!svg) return;
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('viewBox', `0 0 ${size.width / unit} ${size.height / unit}`);
  svg.setAttribute('width', String(size.width));
  svg.setAttribute('height', String(size.height));
  svg.setAttribute('style', 'font-family: sans-serif');
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await picture.decode();
  context.drawImage(picture, 0, 0, size.width, size.height);
  layer.destroy();
}

export interface PictureFile {
  readonly name: string;
  readonly blob: Blob;
}

/** The picture as a file. @throws FrameError */
export async function pictureFile(subject: OutSubject, order: PictureOrder): Promise<PictureFile> {
  const canvas = await drawPicture(subject, placedFor(subject, order.area, await frameOf(subject)), order);
  const blob = await blobOf(canvas, order.format);
  const patientId = text(subject.image.instance, PATIENT_ID);
  return { name: fileName(subject, patientId, order.identified, order.format === 'png' ? 'png' : 'jpg'), blob };
}

export function blobOf(canvas: HTMLCanvasElement, format: PictureOrder['format']): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error('The browser made no picture'));
    }, `image/${format}`, JPEG_QUALITY);
  });
}

/** Hand a file to the browser's downloads. */
export function save({ name, blob }: PictureFile): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  [link.href, link.download] = [url, name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
