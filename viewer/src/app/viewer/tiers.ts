/** Which of the two renderers draws: Lite at once and everywhere, the reading room on a desktop once it is there. */
import { Line } from '../../core/line';
import type { ViewportFactory } from '../../core/viewport';

export type Renderer = 'auto' | 'gpu' | 'cpu';
export type Tier = ViewportFactory['tier'];

interface NetworkInformation {
  readonly saveData?: boolean;
  readonly effectiveType?: string;
}

export function rendererOf(query: URLSearchParams): Renderer {
  const asked = query.get('renderer');
  return asked === 'gpu' || asked === 'cpu' ? asked : 'auto';
}

/** The line that the address supposes: `frames=raw` or `frames=htj2k`; else it is judged by what comes over it. */
export function lineOf(query: URLSearchParams): Line | undefined {
  const asked = query.get('frames');
  return asked === 'raw' || asked === 'htj2k' ? Line.always(asked === 'raw') : undefined;
}

function hasWebGl2(): boolean {
  try {
    const context = document.createElement('canvas').getContext('webgl2');
    context?.getExtension('WEBGL_lose_context')?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

function thinLink(): boolean {
  const { connection } = navigator as Navigator & { readonly connection?: NetworkInformation };
  return connection !== undefined && (connection.saveData === true || /2g|3g/.test(connection.effectiveType ?? ''));
}

/** The tier to end up with: what the address says, else the reading room where mouse, WebGL2 and line allow it. */
export function wantedTier(query: URLSearchParams): Tier {
  const asked = query.get('tier');
  if (asked === 'lite' || asked === 'reading') return asked;
  const desktop = matchMedia('(pointer: fine) and (min-width: 900px)').matches;
  return desktop && !thinLink() && hasWebGl2() ? 'reading' : 'lite';
}
