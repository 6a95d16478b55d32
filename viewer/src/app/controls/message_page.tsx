/** A page that says plainly what is wrong and what to do. */
import type { ComponentChildren, JSX } from 'preact';

import { Icon, type IconName } from '../icons';

interface MessagePageProps {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  readonly children?: ComponentChildren;
}

export function MessagePage({ icon, title, text, children }: MessagePageProps): JSX.Element {
  return (
    <main id="content" class="message-page" role="main" tabIndex={-1}>
      <span class="mark"><Icon name={icon} /></span>
      <h1>{title}</h1>
      <p role="alert">{text}</p>
      {children && <div class="actions">{children}</div>}
    </main>
  );
}
