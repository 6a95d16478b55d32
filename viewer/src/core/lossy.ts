/** Whether pixels lost something before they were received (PS3.3 C.7.6.1.1.5, PS3.5 §A.4). */
import { text } from './attribute';
import type { DicomInstance } from './display_set';
import { Tag } from './tag';

/** Transfer syntaxes that always lose: JPEG Baseline and Extended, MPEG-2, MPEG-4, HEVC. */
const ALWAYS = /^1\.2\.840\.10008\.1\.2\.4\.(50|51|100|101|102|103|104|105|106|107|108)(\.1)?$/;
/** Those that may lose: JPEG-LS Near-lossless, JPEG 2000, HTJ2K, JPEG XL. */
const PERHAPS = /^1\.2\.840\.10008\.1\.2\.4\.(81|91|93|112|203)$/;

/** True when the image is lossy as acquired; where a header does not tell and its transfer syntax may lose, it is taken as lossy. */
export function isLossy(instance: DicomInstance): boolean {
  const stated = text(instance, Tag.LossyImageCompression);
  const syntax = text(instance, Tag.AvailableTransferSyntaxUID);
  return stated === '01' || ALWAYS.test(syntax) || (stated !== '00' && PERHAPS.test(syntax));
}
