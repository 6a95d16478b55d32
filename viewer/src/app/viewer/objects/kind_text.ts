/** What an object is, in words. */
import type { ObjectKind } from '../../../core/object_kind';
import { t } from '../../../i18n/locale';
import { obt } from './texts';

/** Null: nothing known of it. */
export function kindText(kind: ObjectKind | null): string {
  switch (kind) {
    case null: return t('kind.unsupported');
    case 'structures': case 'dose': case 'slide': return obt(`object.kind.${kind}`);
    default: return t(`kind.${kind}`);
  }
}
