/** A media query as a signal. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export function useMedia(query: string): Signal<boolean> {
  const matches = useSignal(matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const onChange = (): void => { matches.value = media.matches; };
    media.addEventListener('change', onChange);
    return () => media.removeEventListener('change', onChange);
  }, [query]);
  return matches;
}
