/** A link to a page of ours, which does not load the page again. */
import type { ComponentChildren, JSX } from 'preact';

import { goTo } from '../location';

interface LinkProps {
  readonly href: string;
  readonly class?: string;
  readonly label?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
}

export function Link({ href, class: className, label, current = false, children }: LinkProps): JSX.Element {
  return (
    <a
      href={href} class={className} aria-label={label} aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        goTo(href);
      }}
    >
      {children}
    </a>
  );
}
