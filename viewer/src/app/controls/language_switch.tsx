/** Changes between the two languages; it is always labelled in the other one. */
import type { JSX } from 'preact';

import { chooseLocale, locale, t } from '../../i18n/locale';
import { Icon } from '../icons';

export function LanguageSwitch(): JSX.Element {
  const other = locale.value === 'vi' ? 'en' : 'vi';
  return (
    <button type="button" class="language-switch" lang={other} title={t('language.switch_hint')} onClick={() => chooseLocale(other)}>
      <Icon name="language" />
      <span>{t('language.switch')}</span>
    </button>
  );
}
