/** The dialog that is asked for, of those that send something out of the viewer. */
import type { JSX } from 'preact';

import type { Workspace } from '../workspace';
import { LinkDialog } from './link_dialog';
import { PictureDialog } from './picture_dialog';
import { PrintDialog } from './print_dialog';
import '../../../styles/out.css';

export function OutDialogs({ workspace }: { readonly workspace: Workspace }): JSX.Element | null {
  const close = (): void => { workspace.outShown.value = null; };
  switch (workspace.outShown.value) {
    case 'picture': return <PictureDialog workspace={workspace} onClose={close} />;
    case 'print': return <PrintDialog workspace={workspace} onClose={close} />;
    case 'link': return <LinkDialog workspace={workspace} onClose={close} />;
    case null: return null;
  }
}
