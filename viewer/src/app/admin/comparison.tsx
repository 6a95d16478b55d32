/** A quarantined file and the instance that is kept under its UID, side by side. */
import type { JSX } from 'preact';

import { formatMoment } from '../../i18n/dates';
import { personName } from '../../i18n/person_name';
import { formatBytes } from '../../i18n/quantities';
import { viewerAddress } from '../address';
import { Link } from '../controls/link';
import { Icon } from '../icons';
import type { Comparison, Difference, QuarantineEntry } from './api';
import { keywordText, sourceText, tagPath } from './quarantine_text';
import { aplural, at } from './texts';

interface ComparisonProps {
  readonly comparison: Comparison;
  readonly entry: QuarantineEntry;
}

export function ComparisonTable({ comparison, entry }: ComparisonProps): JSX.Element {
  const { kept, differences, pixel_data: pixels } = comparison;
  return (
    <>
      <div class="sides">
        <Side
          title={at('quarantine.kept')} name={personName(kept.patient_name)} patientId={kept.patient_id}
          facts={[kept.source_ae_title, formatMoment(kept.received_at), formatBytes(kept.size)]} study={kept.study_instance_uid}
        />
        <Side
          title={at('quarantine.quarantined')} name={personName(entry.patient_name)} patientId={entry.patient_id}
          facts={[sourceText(entry), formatMoment(entry.received_at), formatBytes(entry.size)]}
        />
      </div>
      <p class="comparison-verdict">
        <span class="badge" data-pixels={pixels}>{at(`quarantine.pixels.${pixels}`)}</span>
        <span>{differences.length === 0 ? at('quarantine.no_differences') : aplural('quarantine.differences', differences.length)}</span>
      </p>
      {differences.length > 0 && (
        <table class="comparison">
          <thead>
            <tr>
              <th scope="col">{at('quarantine.attribute')}</th>
              <th scope="col">{at('quarantine.kept')}</th>
              <th scope="col">{at('quarantine.quarantined')}</th>
            </tr>
          </thead>
          <tbody>{differences.map((one) => <DifferenceRow key={one.path} difference={one} />)}</tbody>
        </table>
      )}
      {comparison.truncated && <p class="quiet">{at('quarantine.truncated')}</p>}
    </>
  );
}

interface SideProps {
  readonly title: string;
  readonly name: string;
  readonly patientId: string;
  readonly facts: readonly string[];
  readonly study?: string;
}

function Side({ title, name, patientId, facts, study }: SideProps): JSX.Element {
  return (
    <section class="side">
      <h3>{title}</h3>
      <p class="side-name">{name || at('quarantine.no_patient')}</p>
      <p class="secondary number">{patientId}</p>
      <p class="secondary number">{facts.filter(Boolean).join(' · ')}</p>
      {study !== undefined && study !== '' && (
        <Link href={viewerAddress([study])} class="side-link">{at('quarantine.open_kept')}<Icon name="arrow_right" /></Link>
      )}
    </section>
  );
}

function DifferenceRow({ difference }: { readonly difference: Difference }): JSX.Element {
  return (
    <tr>
      <th scope="row">
        <span lang="en">{keywordText(difference)}</span>
        <span class="secondary number">{[tagPath(difference.path), difference.vr].filter(Boolean).join(' ')}</span>
      </th>
      <td data-label={at('quarantine.kept')}><Value text={difference.kept} /></td>
      <td data-label={at('quarantine.quarantined')}><Value text={difference.quarantined} /></td>
    </tr>
  );
}

function Value({ text }: { readonly text: string | null }): JSX.Element {
  if (text === null) return <span class="quiet">{at('quarantine.absent')}</span>;
  return text === '' ? <span class="quiet">{at('admin.none')}</span> : <>{text}</>;
}
