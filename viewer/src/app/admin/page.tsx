/** The administrators' pages: status, quarantine, discrepancies. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { AccountMenu } from '../controls/account_menu';
import { LanguageSwitch } from '../controls/language_switch';
import { Link } from '../controls/link';
import { MessagePage } from '../controls/message_page';
import { Icon, type IconName, Mark } from '../icons';
import { goTo, path, query } from '../location';
import { QueuePage } from '../routing/queue_page';
import { RulesPage } from '../routing/rules_page';
import { ImportsPage } from '../imports/page';
import { MachinesPage } from '../network/machines_page';
import { NetworkPage } from '../network/network_page';
import { DiscrepanciesPage } from './discrepancies';
import { QuarantineDetailPage } from './quarantine_detail';
import { QuarantinePage } from './quarantine';
import { StatusPage } from './status';
import { at } from './texts';
import '../../styles/study_list.css';
import '../../styles/admin.css';
import '../../styles/network.css';

const SECTIONS = [
  { name: 'status', address: '/admin', icon: 'pulse' },
  { name: 'quarantine', address: '/admin/quarantine', icon: 'quarantine' },
  { name: 'discrepancies', address: '/admin/discrepancies', icon: 'discrepancy' },
  { name: 'network', address: '/admin/network', icon: 'network' },
  { name: 'machines', address: '/admin/machines', icon: 'machine' },
  { name: 'routes', address: '/admin/routes', icon: 'arrow_right' },
  { name: 'queue', address: '/admin/queue', icon: 'inbox' },
  { name: 'imports', address: '/admin/imports', icon: 'download' },
] as const satisfies readonly { name: string; address: string; icon: IconName }[];
type SectionName = (typeof SECTIONS)[number]['name'];

export function AdminPage(): JSX.Element {
  const section = SECTIONS.find((one) => one.address === path.value);
  const detail = section?.name === 'quarantine' ? query.value.get('id') : null;
  const place = `${path.value}#${detail ?? ''}`;
  const content = useRef<HTMLElement>(null);
  const before = useRef(place);
  useEffect(() => {
    document.title = `${section ? at(`admin.${section.name}`) : at('admin.title')} · ${t('app.name')}`;
  });
  useEffect(() => {
    // Another part of the page: whoever reads with a keyboard or by ear begins at its start.
    if (before.current !== place) content.current?.focus({ preventScroll: true });
    before.current = place;
  }, [place]);
  return (
    <div class="admin-page">
      <header class="app-header">
        <p class="brand"><Mark />{t('app.name')}</p>
        <span class="app-header-end">
          <LanguageSwitch />
          <AccountMenu />
        </span>
      </header>
      <nav class="admin-nav" aria-label={at('admin.sections')}>
        <Link href="/" class="admin-back"><Icon name="chevron_left" /><span>{at('admin.back')}</span></Link>
        {SECTIONS.map(({ name, address, icon }) => (
          <Link key={name} href={address} class="admin-tab" current={section?.name === name}>
            <Icon name={icon} />
            <span>{at(`admin.${name}`)}</span>
          </Link>
        ))}
      </nav>
      <main id="content" ref={content} tabIndex={-1} class="admin-content">
        {section ? <Section name={section.name} detail={detail} /> : <Unknown />}
      </main>
    </div>
  );
}

function Section({ name, detail }: { readonly name: SectionName; readonly detail: string | null }): JSX.Element {
  if (name === 'status') return <StatusPage />;
  if (name === 'discrepancies') return <DiscrepanciesPage />;
  if (name === 'routes') return <RulesPage />;
  if (name === 'queue') return <QueuePage />;
  if (name === 'imports') return <ImportsPage />;
  if (name === 'network') return <NetworkPage />;
  if (name === 'machines') return <MachinesPage />;
  return detail === null ? <QuarantinePage /> : <QuarantineDetailPage key={detail} id={Number.parseInt(detail, 10) || 0} />;
}

function Unknown(): JSX.Element {
  return (
    <MessagePage icon="search" title={t('error.page_title')} text={t('error.page')}>
      <button type="button" class="button primary" onClick={() => goTo('/admin')}>{at('admin.status')}</button>
    </MessagePage>
  );
}
