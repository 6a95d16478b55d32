/** All measurements drawn in the reading room: Cornerstone3D keeps the drawings, this gives their numbers. */
import { eventTarget, utilities } from '@cornerstonejs/core';
import { Enums, annotation, utilities as toolUtilities } from '@cornerstonejs/tools';
import type { Types } from '@cornerstonejs/tools';
import type { Measurement } from '../core/viewport';
import { measurementLines } from './measurement_text';
import { toImage } from './plane';
import { type Result, type Subject, ends, measure } from './subject';
import { MEASURES } from './tools';

interface Entry {
  readonly key: string;
  readonly withValues: boolean;
  readonly result: Result;
}

const CHANGES = [Enums.Events.ANNOTATION_COMPLETED, Enums.Events.ANNOTATION_MODIFIED, Enums.Events.ANNOTATION_REMOVED];

function number(value: number, digits: number): string {
  const language = document.documentElement.lang || undefined;
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }).format(value);
}

/** The part of an image id that all cells share. */
function uriOf(drawn: Types.Annotation): string {
  const imageId = drawn.metadata?.referencedImageId;
  return imageId === undefined ? '' : utilities.imageIdToURI(imageId);
}

export class MeasurementBook {
  private readonly subjects = new Map<string, { uri: string; subject: Subject }>();
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<() => void>();

  constructor() {
    for (const event of CHANGES) eventTarget.addEventListener(event, this.changed);
    eventTarget.addEventListener(Enums.Events.ANNOTATION_ADDED, share);
  }

  /** A cell shows another image; null when it shows none. Only what is on a screen can be measured anew. */
  shows(cell: string, shown: { uri: string; subject: Subject } | null): void {
    if (shown) this.subjects.set(cell, shown);
    else this.subjects.delete(cell);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Measurements on these images, in the order of drawing. */
  on(uris: ReadonlySet<string>): readonly Measurement[] {
    const found: Measurement[] = [];
    for (const drawn of annotation.state.getAllAnnotations()) {
      const result = uris.has(uriOf(drawn)) ? this.result(drawn) : null;
      if (result && !isPoint(result.measurement)) found.push(result.measurement);
    }
    return found;
  }

  /** The text beside a drawing. */
  lines(uid: string): string[] {
    const drawn = annotation.state.getAnnotation(uid) as Types.Annotation | undefined;
    const result = drawn ? this.result(drawn) : null;
    return result ? measurementLines(result.measurement, result.atDetector, number) : [];
  }

  remove(uid: string, viewportIds: string[]): void {
    if (!(annotation.state.getAnnotation(uid) as Types.Annotation | undefined)) return;
    annotation.state.removeAnnotation(uid);
    toolUtilities.triggerAnnotationRenderForViewportIds(viewportIds);
  }

  destroy(): void {
    for (const event of CHANGES) eventTarget.removeEventListener(event, this.changed);
    eventTarget.removeEventListener(Enums.Events.ANNOTATION_ADDED, share);
    this.listeners.clear();
    this.subjects.clear();
    this.entries.clear();
  }

  /** The numbers of one drawing; those of an image that is no longer on a screen stay as they were. */
  private result(drawn: Types.Annotation): Result | null {
    const uid = drawn.annotationUID ?? '';
    const kind = MEASURES[drawn.metadata?.toolName ?? ''];
    const known = this.entries.get(uid);
    const uri = uriOf(drawn);
    const subject = [...this.subjects.values()].find((shown) => shown.uri === uri)?.subject;
    if (!kind || !subject) return known?.result ?? null;
    const points = (drawn.data.handles?.points ?? []).map((point) => toImage(subject.plane, point));
    const between = ends(kind, points);
    if (!between) return null;
    const key = between.flat().join();
    if (known?.key === key && (known.withValues || !subject.values)) return known.result;
    const result = measure(uid, kind, between, subject);
    this.entries.set(uid, { key, withValues: subject.values !== null, result });
    return result;
  }

  private readonly changed = (event: Event): void => {
    if (event.type === (Enums.Events.ANNOTATION_REMOVED as string)) {
      const { annotation: gone } = (event as CustomEvent<{ annotation: Types.Annotation }>).detail;
      this.entries.delete(gone.annotationUID ?? '');
    }
    for (const listener of this.listeners) listener();
  };
}

/**
 * Let all cells with the same image show a new drawing. To Cornerstone a drawing belongs to the image id of one cell; as a
 * range "to the image of that name", which every stack knows, it belongs to that image wherever it is.
 */
function share(event: Event): void {
  const { metadata } = (event as CustomEvent<{ annotation: Types.Annotation }>).detail.annotation;
  if (metadata?.referencedImageId !== undefined) {
    metadata.multiSliceReference = { referencedImageId: utilities.imageIdToURI(metadata.referencedImageId) };
  }
}

/** A click that has not been drawn out yet. */
function isPoint({ points: [from, to] }: Measurement): boolean {
  return from?.[0] === to?.[0] && from?.[1] === to?.[1];
}
