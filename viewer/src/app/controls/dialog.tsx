/** A modal dialog on the native element, which keeps the focus inside and gives it back. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface DialogProps {
  readonly label: string;
  readonly class?: string;
  /** Undefined: the dialog cannot be dismissed. */
  readonly onClose?: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ label, class: className, onClose, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element} class={className} aria-label={label}
      onCancel={(event) => { event.preventDefault(); onClose?.(); }}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => { if (event.target === element.current) onClose?.(); }}
    >
      {children}
    </dialog>
  );
}
