/** Who is signed in, the language, and signing out. */
import type { JSX } from 'preact';

import { chooseLocale, locale, t } from '../../i18n/locale';
import { goTo, path } from '../location';
import { filesFilms, isAdministrator, seesOrders, session, signOut } from '../session';
import { chooseTheme, THEME_CHOICES, themeChoice } from '../theme';
import { Menu, MenuItem } from './menu';

export function AccountMenu(): JSX.Element {
  const name = session.value?.display_name ?? session.value?.account ?? '';
  const signedInAs = t('app.signed_in_as', { name });
  return (
    <Menu label={t('app.account_menu')} icon="user" tooltip={signedInAs}>
      <p class="menu-note">{signedInAs}</p>
      <MenuItem label={t('language.switch')} icon="language" onChoose={() => chooseLocale(locale.value === 'vi' ? 'en' : 'vi')} />
      {THEME_CHOICES.map((one) => (
        <MenuItem key={one} label={t(`theme.${one}`)} icon="theme" checked={themeChoice.value === one} onChoose={() => chooseTheme(one)} />
      ))}
      {path.value !== '/monitor' && <MenuItem label={t('app.monitor')} icon="monitor" onChoose={() => goTo('/monitor')} />}
      {filesFilms.value && path.value !== '/tray' && <MenuItem label={t('app.tray')} icon="film" onChoose={() => goTo('/tray')} />}
      {seesOrders.value && path.value !== '/orders' && <MenuItem label={t('app.orders')} icon="order" onChoose={() => goTo('/orders')} />}
      {isAdministrator.value && !path.value.startsWith('/admin') && (
        <MenuItem label={t('app.administration')} icon="pulse" onChoose={() => goTo('/admin')} />
      )}
      <MenuItem label={t('app.sign_out')} icon="lock" onChoose={() => void signOut()} />
    </Menu>
  );
}
