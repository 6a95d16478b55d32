/** The machines of the DICOM network: who they are, what they may do, and whether they answer. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { Icon } from '../icons';
import { goTo, query } from '../location';
import { noticeSignedOut } from '../session';
import { type Machine, type Machines, readMachines, RIGHTS } from './api';
import { blankMachine, MachineForm } from './machine_form';
import { MachineTests } from './machine_tests';
import { nplural, nt } from './texts';

export function MachinesPage(): JSX.Element {
  const [found, setFound] = useState<Machines | null>(null);
  const [failed, setFailed] = useState(false);
  const load = (): void => {
    readMachines().then(
      (machines) => { setFound(machines); setFailed(false); },
      (reason: unknown) => { if (!noticeSignedOut(reason)) setFailed(true); },
    );
  };
  useEffect(load, []);
  const newcomer = query.value.get('new');
  const chosen = found?.machines.find((one) => one.ae_title === query.value.get('ae_title'));
  const close = (): void => { goTo('/admin/machines'); load(); };
  return (
    <div class="network" data-ready={found !== null}>
      <div class="admin-head">
        <h1>{nt('machines.title')}</h1>
        {found && <p class="total number">{nplural('machines.count', found.machines.length)} · {nt('network.own', { title: found.own_ae_title })}</p>}
        <button type="button" class="button primary admin-head-act" onClick={() => goTo('/admin/machines?new=')}>{nt('machines.add')}</button>
      </div>
      <p class="admin-lead">{nt('machines.lead')}</p>
      {failed && (
        <section class="empty" role="alert">
          <h2>{nt('machines.failed')}</h2>
          <button type="button" class="button" onClick={load}>{t('app.retry')}</button>
        </section>
      )}
      {found?.machines.length === 0 && (
        <section class="empty">
          <span class="mark"><Icon name="network" /></span>
          <h2>{nt('machines.none')}</h2>
          <p>{nt('machines.none_hint')}</p>
        </section>
      )}
      <ul class="machine-list">
        {found?.machines.map((machine) => <li key={machine.ae_title}><MachineCard machine={machine} ours={found.own_ae_title} /></li>)}
      </ul>
      {found && newcomer !== null && (
        <MachineForm
          machine={{ ...blankMachine(found), ae_title: newcomer, host: query.value.get('host') ?? '' }} isNew facilities={found.facilities} onClose={close}
        />
      )}
      {found && chosen && <MachineForm key={chosen.ae_title} machine={chosen} isNew={false} facilities={found.facilities} onClose={close} />}
    </div>
  );
}

function MachineCard({ machine, ours }: { readonly machine: Machine; readonly ours: string }): JSX.Element {
  const { ae_title: title, description } = machine;
  const rights = RIGHTS.filter((right) => machine[right]).map((right) => nt(`right.${right}`));
  return (
    <article class="machine" data-machine={title}>
      <div class="machine-head">
        <h2>{title}</h2>
        {description !== '' && <span class="quiet">{description}</span>}
        {(machine.require_tls || machine.call_with_tls || machine.certificate_sha256 !== '') && <span class="badge">{nt('machines.with_tls')}</span>}
        <button type="button" class="button small" aria-label={nt('machines.edit_of', { title })} onClick={() => goTo(`/admin/machines?${new URLSearchParams({ ae_title: title }).toString()}`)}>
          {nt('machines.edit')}
        </button>
      </div>
      <p class="secondary number">{machine.host}:{machine.port} · {machine.facility_code}</p>
      <p class="machine-rights"><span class="quiet">{nt('machines.rights')}: </span>{rights.length === 0 ? '—' : rights.join(', ')}</p>
      <MachineTests machine={machine} ours={ours} />
    </article>
  );
}
