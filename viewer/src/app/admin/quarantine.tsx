/** The list of files that could not be kept in their place. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { formatBytes } from '../../i18n/quantities';
import { personName } from '../../i18n/person_name';
import { Link } from '../controls/link';
import { listQuarantine, type QuarantineEntry, type QuarantineKind } from './api';
import { ListBody } from './list_body';
import { useListing } from './listing';
import { sourceText } from './quarantine_text';
import { aplural, at } from './texts';

const KINDS = ['', 'conflict', 'damaged'] as const satisfies readonly (QuarantineKind | '')[];

export function QuarantinePage(): JSX.Element {
  const [kind, setKind] = useState<QuarantineKind | ''>('');
  const list = useListing(kind, async (limit, offset, signal) => {
    const page = await listQuarantine(kind, limit, offset, signal);
    return { ...page, rows: page.quarantine };
  });
  return (
    <>
      <div class="admin-head">
        <h1>{at('admin.quarantine')}</h1>
        <p class="total number" aria-live="polite">
          {list.page && aplural('quarantine.count', list.total)}
          {list.page && list.total > 0 && ` · ${at('quarantine.room', { bytes: formatBytes(list.page.bytes), maximum: formatBytes(list.page.maximum_bytes) })}`}
        </p>
      </div>
      <p class="admin-lead">{at('quarantine.lead')}</p>
      <div class="segments" role="group" aria-label={at('quarantine.filter')}>
        {KINDS.map((one) => (
          <button key={one} type="button" aria-pressed={kind === one} onClick={() => setKind(one)}>
            {at(`quarantine.kind.${one === '' ? 'all' : one}`)}
          </button>
        ))}
      </div>
      <ListBody list={list} icon="quarantine" empty={at(kind === '' ? 'quarantine.empty' : 'quarantine.empty_kind')} emptyHint={at('quarantine.empty_hint')}>
        <ul class="quarantine-list">
          {list.rows.map((entry) => <li key={entry.id}><EntryLink entry={entry} /></li>)}
        </ul>
      </ListBody>
    </>
  );
}

function EntryLink({ entry }: { readonly entry: QuarantineEntry }): JSX.Element {
  const name = personName(entry.patient_name) || at('quarantine.no_patient');
  return (
    <Link href={`/admin/quarantine?id=${String(entry.id)}`} class="quarantine-row">
      <span class="badge" data-kind={entry.kind}>{at(`quarantine.kind.${entry.kind}`)}</span>
      <span class="quarantine-patient">
        <span class="primary">{name}</span>
        <span class="secondary number">{entry.patient_id}</span>
      </span>
      <span class="quarantine-source secondary">{sourceText(entry)}</span>
      <span class="quarantine-received secondary number">{formatMoment(entry.received_at)}</span>
      <span class="quarantine-size secondary number">{formatBytes(entry.size)}</span>
    </Link>
  );
}
