/** An encapsulated PDF in the browser's own viewer (PS3.3 A.45.1); without one, the way to open it. */
import type { JSX } from 'preact';

import { text } from '../../../core/attribute';
import { Icon } from '../../icons';
import { addressOf, ObjectFrame } from './frame';
import type { ObjectProps } from './object_view';
import { obt } from './texts';

const DOCUMENT_TITLE = '00420010';

export function PdfView({ instance, kind }: ObjectProps): JSX.Element {
  const address = `${addressOf(instance)}/rendered?accept=application/pdf`;
  const title = text(instance, DOCUMENT_TITLE) || kind;
  const open = <a class="button small" href={address} target="_blank" rel="noopener noreferrer"><Icon name="document" />{obt('object.open')}</a>;
  return (
    <ObjectFrame instance={instance} kind={title} actions={open}>
      {navigator.pdfViewerEnabled
        ? <iframe class="object-page" src={address} title={title} />
        : <div class="object-message"><span class="mark"><Icon name="document" /></span><p>{obt('object.no_viewer')}</p>{open}</div>}
    </ObjectFrame>
  );
}
