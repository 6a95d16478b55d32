/** What stands in the corners of an image, read from the image's own header, so that it can never be another patient's. */
import { number, text } from '../../core/attribute';
import type { DicomInstance, DisplaySet, ImageReference } from '../../core/display_set';
import { spacing } from '../../core/geometry';
import { formatAge, formatDate, formatDecimal, formatTime } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { personName } from '../../i18n/person_name';
import { sexText } from '../studies/study_text';

/** Attributes that only the overlay reads (PS3.6). */
const OverlayTag = {
  PatientName: '00100010',
  PatientID: '00100020',
  PatientBirthDate: '00100030',
  PatientSex: '00100040',
  InstitutionName: '00080080',
  StudyDate: '00080020',
  StudyTime: '00080030',
  StudyDescription: '00081030',
  SliceThickness: '00180050',
  SliceLocation: '00201041',
  ImageLaterality: '00200062',
  Laterality: '00200060',
  ViewPosition: '00185101',
  LossyImageCompression: '00282110',
  LossyImageCompressionRatio: '00282112',
} as const;

export interface OverlayText {
  readonly patient: readonly string[];
  readonly study: readonly string[];
  readonly series: readonly string[];
  /** Side and view, which must not be missed. */
  readonly side: string;
  /** Set for an image that was compressed with loss before it came here. */
  readonly lossy: string | null;
}

export function sliceText(instance: DicomInstance): string {
  const thickness = number(instance, OverlayTag.SliceThickness);
  const location = number(instance, OverlayTag.SliceLocation);
  return [
    thickness === null ? '' : `T ${formatDecimal(thickness, Number.isInteger(thickness) ? 0 : 1)} mm`,
    location === null ? '' : `SL ${formatDecimal(location, 1)}`,
  ].filter(Boolean).join('  ');
}

function lossyMark(instance: DicomInstance): string | null {
  if (text(instance, OverlayTag.LossyImageCompression) !== '01') return null;
  const ratio = number(instance, OverlayTag.LossyImageCompressionRatio);
  return ratio === null ? t('viewer.lossy') : t('viewer.lossy_ratio', { ratio: formatDecimal(ratio, Number.isInteger(ratio) ? 0 : 1) });
}

export function overlayText(set: DisplaySet, image: ImageReference): OverlayText {
  const { instance } = image;
  const studyDate = text(instance, OverlayTag.StudyDate);
  const birth = text(instance, OverlayTag.PatientBirthDate);
  return {
    patient: [
      personName(text(instance, OverlayTag.PatientName)) || t('studies.no_name'),
      text(instance, OverlayTag.PatientID),
      [sexText(text(instance, OverlayTag.PatientSex)), formatDate(birth), formatAge(birth, studyDate)].filter(Boolean).join('  '),
    ].filter(Boolean),
    study: [
      text(instance, OverlayTag.InstitutionName),
      text(instance, OverlayTag.StudyDescription),
      [formatDate(studyDate), formatTime(text(instance, OverlayTag.StudyTime))].filter(Boolean).join('  '),
    ].filter(Boolean),
    series: [
      [set.seriesNumber === null ? '' : t('viewer.series_short', { number: String(set.seriesNumber) }), set.description].filter(Boolean).join('  '),
      sliceText(instance),
    ].filter(Boolean),
    side: [text(instance, OverlayTag.ImageLaterality) || text(instance, OverlayTag.Laterality), text(instance, OverlayTag.ViewPosition)]
      .filter(Boolean).join(' '),
    lossy: lossyMark(instance),
  };
}

export interface ScaleBar {
  readonly pixels: number;
  readonly label: string;
}

const LENGTHS_MM = [1, 2, 5, 10, 20, 50, 100, 200] as const;
const LONGEST_PIXELS = 160;

/** The longest round length that fits; null when the image has no spacing (PS3.3 10.7). */
export function scaleBar(image: ImageReference, zoom: number): ScaleBar | null {
  const { calibrated, column } = spacing(image.instance, image.frame);
  if (!calibrated || !(zoom > 0)) return null;
  const pixelsPerMm = zoom / column;
  const length = LENGTHS_MM.findLast((mm) => mm * pixelsPerMm <= LONGEST_PIXELS);
  if (length === undefined) return null;
  return { pixels: length * pixelsPerMm, label: length >= 10 ? `${formatDecimal(length / 10, 0)} cm` : `${formatDecimal(length, 0)} mm` };
}
