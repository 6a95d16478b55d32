/** The DICOM network: the modality doctor, who is connected now, the nodes, and what waits to be sent. */
import type { JSX } from 'preact';

import { formatMoment } from '../../i18n/dates';
import { formatNumber } from '../../i18n/locale';
import { readStatus } from '../admin/api';
import { usePolled } from '../admin/polled';
import { Link } from '../controls/link';
import { type DicomProcess, type LiveAssociation, type Network, readDeliveryStates, readNetwork } from './api';
import { Doctor } from './doctor';
import { nplural, nt } from './texts';

const EVERY_MS = 2000;
const QUEUES_EVERY_MS = 5000;

export function NetworkPage(): JSX.Element {
  const { value: network, failed } = usePolled(readNetwork, EVERY_MS);
  return (
    <div class="network" data-ready={network !== null && failed === null}>
      <div class="admin-head"><h1>{nt('network.title')}</h1></div>
      <p class="admin-lead">{nt('network.lead')}</p>
      {failed !== null && <p class="verdict" data-level="bad" role="alert">{nt('network.failed')}</p>}
      <Doctor />
      {network && <Live associations={network.associations} />}
      <div class="network-pair">
        {network && <Nodes network={network} />}
        <Queues />
      </div>
    </div>
  );
}

function Live({ associations }: { readonly associations: readonly LiveAssociation[] }): JSX.Element {
  return (
    <section class="network-section" aria-labelledby="live-title">
      <h2 id="live-title">{nt('live.title')}{associations.length > 0 && <span class="count number">{formatNumber(associations.length)}</span>}</h2>
      {associations.length === 0
        ? <p class="network-none">{nt('live.none')}</p>
        : (
          <div class="network-table-frame" tabIndex={0} role="group" aria-labelledby="live-title">
            <table class="network-table">
              <thead>
                <tr>
                  <th scope="col">{nt('live.machine')}</th>
                  <th scope="col">{nt('live.facility')}</th>
                  <th scope="col">{nt('live.doing')}</th>
                  <th scope="col" class="end">{nt('live.requests')}</th>
                  <th scope="col">{nt('live.security')}</th>
                  <th scope="col">{nt('live.since')}</th>
                </tr>
              </thead>
              <tbody>{associations.map((one) => <LiveRow key={one.association} one={one} />)}</tbody>
            </table>
          </div>
        )}
    </section>
  );
}

function LiveRow({ one }: { readonly one: LiveAssociation }): JSX.Element {
  return (
    <tr data-association={one.association}>
      <th scope="row"><strong>{one.calling_ae_title}</strong><span class="secondary number">{one.address}</span></th>
      <td>{one.facility_code}</td>
      <td>{one.service === '' ? nt('live.nothing') : one.service}</td>
      <td class="end number">
        {formatNumber(one.requests)}
        {one.refused > 0 && <span class="secondary attention">{nplural('live.refused', one.refused)}</span>}
      </td>
      <td>
        {one.tls === '' ? <span class="quiet">{nt('live.clear')}</span> : one.tls}
        {one.user_name !== '' && <span class="secondary">{nt('live.user', { name: one.user_name })}</span>}
      </td>
      <td class="number">{formatMoment(one.began_at, new Date(), { seconds: true })}</td>
    </tr>
  );
}

/** Processes behind one port are one node to whoever calls it. */
function grouped(processes: readonly DicomProcess[]): readonly (readonly DicomProcess[])[] {
  const groups = new Map<string, DicomProcess[]>();
  for (const one of processes) {
    const key = `${one.host}:${String(one.port)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

function Nodes({ network }: { readonly network: Network }): JSX.Element {
  return (
    <section class="network-section" aria-labelledby="nodes-title">
      <h2 id="nodes-title">{nt('nodes.title')}</h2>
      {network.processes.length === 0 && <p class="network-none attention">{nt('nodes.none')}</p>}
      <ul class="network-list">
        {grouped(network.processes).map((processes) => <NodeRow key={processes[0]?.id} processes={processes} network={network} />)}
      </ul>
    </section>
  );
}

function NodeRow({ processes, network }: { readonly processes: readonly DicomProcess[]; readonly network: Network }): JSX.Element | null {
  const first = processes[0];
  if (first === undefined) return null;
  const count = network.associations.filter((one) => one.host === first.host && one.port === first.port).length;
  const most = processes.reduce((sum, one) => sum + one.maximum_associations, 0);
  const address = nt('nodes.address', { title: first.ae_title, port: String(first.port) });
  return (
    <li>
      <span>
        <strong>{first.host}</strong>{first.here && <span class="quiet"> · {nt('nodes.here')}</span>}
        <span class="secondary number">{address}{first.tls_port > 0 && ` · ${nt('nodes.tls', { port: String(first.tls_port) })}`}</span>
      </span>
      <span class="end number">
        {nt('nodes.load', { count, most })}
        <span class="secondary">{nplural('nodes.processes', processes.length)}</span>
      </span>
    </li>
  );
}

function Queues(): JSX.Element {
  const { value: status } = usePolled(readStatus, QUEUES_EVERY_MS);
  const { value: deliveries } = usePolled(readDeliveryStates, QUEUES_EVERY_MS);
  const uploads = status?.queue.reduce((sum, one) => sum + one.instances, 0);
  const waiting = deliveries?.states['waiting'];
  const failed = deliveries?.states['failed'] ?? 0;
  return (
    <section class="network-section" aria-labelledby="queues-title">
      <h2 id="queues-title">{nt('queues.title')}</h2>
      <ul class="network-list">
        <li>
          <Link href="/admin">{nt('queues.upload')}</Link>
          <span class="end number">{uploads === undefined ? nt('queues.unknown') : uploads === 0 ? nt('queues.none') : nplural('queues.instances', uploads)}</span>
        </li>
        <li>
          <Link href="/admin/routes">{nt('queues.deliveries')}</Link>
          <span class="end number">
            {waiting === undefined ? nt('queues.unknown') : waiting === 0 ? nt('queues.none') : nplural('queues.waiting', waiting)}
            {failed > 0 && <span class="secondary attention">{nplural('queues.failed', failed)}</span>}
          </span>
        </li>
      </ul>
    </section>
  );
}
