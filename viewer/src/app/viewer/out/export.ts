/** Asking the archive whether a picture or a print may be made; it notes who took what out (PS3.15 A.5.3.4). */
import { Tag } from '../../../core/tag';
import { text } from '../../../core/attribute';
import { ApiError, request } from '../../api';
import { noticeSignedOut } from '../../session';
import type { OutSubject } from './subject';

/** Why nothing is made: it is not allowed, or it could not be noted. */
export type ExportRefusal = 'forbidden' | 'failed';

/** Ask for each study that images are taken of. Null: they may be made now. */
export async function askExport(kind: 'picture' | 'print', subjects: readonly OutSubject[], identified: boolean): Promise<ExportRefusal | null> {
  const images = new Map<string, Set<string>>();
  for (const { image } of subjects) {
    const study = text(image.instance, Tag.StudyInstanceUID);
    images.set(study, (images.get(study) ?? new Set()).add(image.sopInstanceUid));
  }
  try {
    for (const [study, uids] of images) {
      await request(`/api/studies/${encodeURIComponent(study)}/exports`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ kind, identified, images: [...uids] }),
      });
    }
    return null;
  } catch (reason) {
    noticeSignedOut(reason);
    return reason instanceof ApiError && reason.status === 403 ? 'forbidden' : 'failed';
  }
}
