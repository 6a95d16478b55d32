/** A display set: images that scroll together (PS3.3 A.1: a series, split where one stack would mix geometries). */

/** DICOM JSON of one instance (PS3.18 F.2), as `/metadata` answers it. */
export interface DicomElement {
  readonly vr: string;
  readonly Value?: readonly unknown[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}
export type DicomInstance = Readonly<Record<string, DicomElement>>;

/** One frame of one instance. */
export interface ImageReference {
  readonly instance: DicomInstance;
  readonly sopInstanceUid: string;
  /** 1-based frame number. */
  readonly frame: number;
  /** `/dicom-web/studies/…/instances/…/frames/n`, without host. */
  readonly frameUrl: string;
  /** `/dicom-web/…/rendered` of the same frame. */
  readonly renderedUrl: string;
}

export interface DisplaySet {
  readonly id: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly modality: string;
  readonly seriesNumber: number | null;
  readonly description: string;
  /** In scroll order. Empty: not an image (`kind` says what it is). */
  readonly images: readonly ImageReference[];
  readonly kind: 'stack' | 'multiframe' | 'document' | 'unsupported';
  /** What is shown otherwise than as a stack of images: the instances themselves, of one kind (see object_kind). */
  readonly objects?: readonly DicomInstance[];
  /** Frames per second of a cine, from the header; null: not a cine. */
  readonly frameRate: number | null;
}
