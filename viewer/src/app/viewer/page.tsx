/** placeholder */
import type { JSX } from 'preact';

export function ViewerPage({ onFirstPicture }: { readonly onFirstPicture: () => void }): JSX.Element {
  onFirstPicture();
  return <main id="content" />;
}
