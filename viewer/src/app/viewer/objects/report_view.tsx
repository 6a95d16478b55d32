/** A structured report to be read: headings, texts, tables of measurements, and the way to the images it names. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';

import { type ContentItem, type Reference, report, type Report } from '../../../core/report';
import { formatDate, formatTime } from '../../../i18n/dates';
import { personName } from '../../../i18n/person_name';
import { Icon } from '../../icons';
import { ObjectFrame } from './frame';
import type { ObjectProps } from './object_view';
import { openImage, seriesOf } from './referenced_image';
import { obplural, obt } from './texts';

type Place = Pick<ObjectProps, 'cell' | 'workspace'>;

export function ReportView({ instance, kind, cell, workspace }: ObjectProps): JSX.Element {
  const found = useMemo(() => report(instance), [instance]);
  const place = { cell, workspace };
  return (
    <ObjectFrame instance={instance} kind={kind}>
      <article class="report" tabIndex={0} aria-label={found.title || obt('report.untitled')}>
        <h2>{found.title || obt('report.untitled')}</h2>
        <State found={found} />
        {found.content.length === 0 && <p>{obt('report.empty')}</p>}
        <Content parts={found.content} level={3} place={place} />
      </article>
    </ObjectFrame>
  );
}

/** DT as stored, for reading. */
function moment(stored: string): string {
  return [formatDate(stored.slice(0, 8)), formatTime(stored.slice(8))].filter(Boolean).join(' ');
}

function State({ found }: { readonly found: Report }): JSX.Element {
  const written = [formatDate(found.date), formatTime(found.time)].filter(Boolean).join(' ');
  return (
    <ul class="report-state" aria-label={obt('report.state')}>
      {found.complete !== null && <li>{found.complete ? obt('report.complete') : obt('report.partial')}</li>}
      <li data-verified={found.verified}>
        <Icon name={found.verified ? 'check' : 'warning'} />{found.verified ? obt('report.verified') : obt('report.unverified')}
      </li>
      {found.verifications.map((one) => (
        <li key={one.name + one.moment}>
          {[obt('report.verified_by', { name: personName(one.name) }), one.organization, moment(one.moment)].filter(Boolean).join(', ')}
        </li>
      ))}
      {written !== '' && <li>{obt('report.written', { moment: written })}</li>}
    </ul>
  );
}

interface ContentProps {
  readonly parts: readonly ContentItem[];
  readonly level: number;
  readonly place: Place;
}

/** Neighbours of one kind read as one: numbers as a table, images as a row of buttons. */
function runs(parts: readonly ContentItem[]): readonly (readonly ContentItem[])[] {
  const found: ContentItem[][] = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (last?.[0]?.valueType === part.valueType && ['NUM', 'IMAGE'].includes(part.valueType)) last.push(part);
    else found.push([part]);
  }
  return found;
}

function Content({ parts, level, place }: ContentProps): JSX.Element {
  return (
    <>
      {runs(parts).map((run, at) => {
        const [first] = run;
        if (first?.valueType === 'NUM') return <Numbers key={at} parts={run} level={level} place={place} />;
        if (first?.valueType === 'IMAGE') return <Images key={at} parts={run} level={level} place={place} />;
        return first ? <Item key={at} part={first} level={level} place={place} /> : null;
      })}
    </>
  );
}

interface ItemProps {
  readonly part: ContentItem;
  readonly level: number;
  readonly place: Place;
}

function Heading({ level, text }: { readonly level: number; readonly text: string }): JSX.Element {
  const Level = level <= 3 ? 'h3' : level === 4 ? 'h4' : level === 5 ? 'h5' : 'h6';
  return <Level>{text}</Level>;
}

function Item({ part, level, place }: ItemProps): JSX.Element | null {
  const children = part.children.length > 0 && <div class="report-below"><Content parts={part.children} level={level + 1} place={place} /></div>;
  if (part.valueType === 'CONTAINER') {
    return (
      <section class="report-section">
        {part.concept && <Heading level={level} text={part.concept.meaning} />}
        <Content parts={part.children} level={level + 1} place={place} />
      </section>
    );
  }
  const value = valueText(part);
  if (value === '' && !children) return null;
  return (
    <div class="report-item" data-relationship={part.relationship}>
      {part.concept && <span class="report-name">{part.concept.meaning}</span>}
      <span class="report-value" title={codeTitle(part)}>{value}</span>
      {children}
    </div>
  );
}

/** The code itself, for whoever asks. */
function codeTitle({ code }: ContentItem): string | undefined {
  return code ? `${code.value} ${code.scheme}` : undefined;
}

function valueText(part: ContentItem): string {
  switch (part.valueType) {
    case 'CODE': return part.code?.meaning ?? '';
    case 'PNAME': return personName(part.value ?? '');
    case 'DATE': return formatDate(part.value ?? '');
    case 'TIME': return formatTime(part.value ?? '');
    case 'DATETIME': return moment(part.value ?? '');
    case 'NUM': return [part.value ?? part.qualifier?.meaning ?? obt('report.no_value'), part.unit?.value].filter(Boolean).join(' ');
    case 'SCOORD': case 'SCOORD3D': return obt('report.shape', { shape: part.shape });
    case 'COMPOSITE': case 'WAVEFORM': case 'TCOORD': return '';
    default: return part.value ?? '';
  }
}

/** `1` of UCUM is no unit to read. */
function unitText({ unit }: ContentItem): string {
  return unit === null || unit.value === '1' ? '' : unit.value || unit.meaning;
}

function Numbers({ parts, level, place }: ContentProps): JSX.Element {
  const rest = parts.flatMap((part) => part.children.filter((child) => !isRemark(child)));
  const remarks = parts.some((part) => part.children.some(isRemark) || part.qualifier);
  return (
    <>
      <div class="report-table">
        <table>
          <thead>
            <tr>
              <th scope="col">{obt('report.measurement')}</th>
              <th scope="col" class="number">{obt('report.value')}</th>
              <th scope="col">{obt('report.unit')}</th>
              {remarks && <th scope="col">{obt('report.remarks')}</th>}
            </tr>
          </thead>
          <tbody>
            {parts.map((part, at) => (
              <tr key={at}>
                <th scope="row">{part.concept?.meaning}</th>
                <td class="number">{part.value ?? obt('report.no_value')}</td>
                <td>{unitText(part)}</td>
                {remarks && <td>{remarkText(part)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rest.length > 0 && <div class="report-below"><Content parts={rest} level={level + 1} place={place} /></div>}
    </>
  );
}

/** Short things said of a number fit into its line. */
function isRemark(part: ContentItem): boolean {
  return ['CODE', 'TEXT', 'NUM'].includes(part.valueType) && part.children.length === 0;
}

function remarkText(part: ContentItem): string {
  const said = part.children.filter(isRemark).map((child) => [child.concept?.meaning, valueText(child)].filter(Boolean).join(': '));
  return [part.qualifier?.meaning, ...said].filter(Boolean).join('; ');
}

const MOST_BUTTONS = 8;

function Images({ parts, level, place }: ContentProps): JSX.Element {
  const references = parts.flatMap((part) => part.references);
  const below = parts.flatMap((part) => part.children);
  const name = parts[0]?.concept?.meaning;
  const buttons = <div class="report-images">{references.map((one, at) => <ImageButton key={at} reference={one} number={at + 1} of={references.length} place={place} />)}</div>;
  return (
    <div class="report-item">
      {name !== undefined && <span class="report-name">{name}</span>}
      {references.length <= MOST_BUTTONS ? buttons : <details><summary>{obplural('report.images', references.length)}</summary>{buttons}</details>}
      {below.length > 0 && <div class="report-below"><Content parts={below} level={level + 1} place={place} /></div>}
    </div>
  );
}

interface ImageButtonProps {
  readonly reference: Reference;
  readonly number: number;
  readonly of: number;
  readonly place: Place;
}

function ImageButton({ reference, number, of, place }: ImageButtonProps): JSX.Element {
  if (!seriesOf(place.cell, reference)) return <span class="report-elsewhere">{obt('report.image_elsewhere')}</span>;
  return (
    <button type="button" class="button small" onClick={() => void openImage(place.workspace, place.cell, reference)}>
      <Icon name="image_stack" />{of === 1 ? obt('report.show_image') : obt('report.show_image_number', { number })}
    </button>
  );
}
