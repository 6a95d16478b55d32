/** A button with a menu (WAI-ARIA menu button pattern) on the native popover. */
import type { ComponentChildren, JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';

import { Icon, type IconName } from '../icons';

interface MenuProps {
  readonly label: string;
  readonly icon?: IconName;
  /** Shown beside the icon; the label is then only for assistive technology. */
  readonly caption?: string;
  readonly buttonClass?: string;
  readonly tooltip?: string;
  readonly children: ComponentChildren;
}

const GAP = 6;
const EDGE = 8;

/** Below the button, or above it where there is more room, never outside of the window. */
function place(button: HTMLElement, menu: HTMLElement): void {
  const from = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(EDGE, Math.min(from.left, innerWidth - width - EDGE));
  const below = from.bottom + GAP;
  const top = below + height + EDGE <= innerHeight ? below : Math.max(EDGE, from.top - GAP - height);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

function moveFocus(menu: HTMLElement, step: 1 | -1 | 'first' | 'last'): void {
  const items = [...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
  const now = items.indexOf(document.activeElement as HTMLElement);
  const target = step === 'first' ? 0 : step === 'last' ? items.length - 1 : (now + step + items.length) % items.length;
  items[target]?.focus();
}

const STEPS: Readonly<Record<string, 1 | -1 | 'first' | 'last'>> = {
  ArrowDown: 1, ArrowUp: -1, Home: 'first', End: 'last',
};

export function Menu({ label, icon, caption, buttonClass = 'icon-button', tooltip, children }: MenuProps): JSX.Element {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  const onToggle = (opened: boolean): void => {
    setOpen(opened);
    if (!opened || !menu.current || !button.current) return;
    place(button.current, menu.current);
    const checked = menu.current.querySelector<HTMLElement>('[aria-checked="true"]');
    if (checked) checked.focus();
    else moveFocus(menu.current, 'first');
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    event.stopPropagation();
    if (step === undefined || !menu.current) return;
    event.preventDefault();
    moveFocus(menu.current, step);
  };
  return (
    <>
      <button
        ref={button} type="button" class={buttonClass} aria-haspopup="menu" aria-expanded={open} aria-controls={id}
        aria-label={label} title={tooltip ?? label} popovertarget={id}
      >
        {icon && <Icon name={icon} />}
        {caption !== undefined && <span class="caption">{caption}</span>}
      </button>
      <div
        ref={menu} id={id} popover="auto" class="menu" role="menu" aria-label={label}
        onToggle={(event) => onToggle(event.newState === 'open')} onKeyDown={onKeyDown} onClick={() => { menu.current?.hidePopover(); button.current?.focus(); }}
      >
        {children}
      </div>
    </>
  );
}

interface MenuItemProps {
  readonly label: string;
  readonly icon?: IconName;
  readonly end?: string;
  /** The key that does the same. */
  readonly stroke?: string;
  /** Given: one of several choices. */
  readonly checked?: boolean;
  readonly onChoose: () => void;
}

export function MenuItem({ label, icon, end, stroke, checked, onChoose }: MenuItemProps): JSX.Element {
  const choice = checked === undefined ? { role: 'menuitem' as const } : { role: 'menuitemradio' as const, 'aria-checked': checked };
  return (
    <button type="button" class="menu-item" tabIndex={-1} onClick={onChoose} {...choice}>
      {icon && <Icon name={icon} />}
      <span>{label}</span>
      {end !== undefined && <span class="end">{end}</span>}
      {stroke !== undefined && <kbd aria-hidden="true">{stroke}</kbd>}
    </button>
  );
}
