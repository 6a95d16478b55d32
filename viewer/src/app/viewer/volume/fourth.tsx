/** The cell beside the three planes: facts and lengths, the volume in three dimensions, or the curved plane. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';

import { CurveView } from './curve_view';
import { Panel } from './panel';
import { RenderView } from './render_view';
import type { VolumeSession } from './session';
import { vt } from './texts';

const TABS = ['facts', 'render', 'curve'] as const;

export function Fourth({ session }: { readonly session: VolumeSession }): JSX.Element {
  const tab = session.tab;
  const focused = useSignal(false);
  const step = (by: number): void => {
    tab.value = TABS[(TABS.indexOf(tab.peek()) + by + TABS.length) % TABS.length] ?? 'facts';
    focused.value = true;
  };
  return (
    <div class="fourth">
      <div
        class="fourth-tabs" role="tablist" aria-label={vt('volume.tabs')}
        onKeyDown={(event) => {
          const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
          if (by === 0) return;
          event.preventDefault();
          event.stopPropagation();
          step(by);
        }}
      >
        {TABS.map((name) => (
          <button
            key={name} type="button" role="tab" id={`volume-tab-${name}`} aria-selected={tab.value === name} aria-controls="volume-fourth"
            tabIndex={tab.value === name ? 0 : -1} onClick={() => { tab.value = name; }}
            ref={(button) => {
              if (!button || tab.value !== name || !focused.peek()) return;
              focused.value = false;
              button.focus();
            }}
          >
            {vt(`volume.tab.${name}`)}
          </button>
        ))}
      </div>
      <div id="volume-fourth" class="fourth-body" role="tabpanel" aria-labelledby={`volume-tab-${tab.value}`}>
        {tab.value === 'facts' && <Panel session={session} />}
        {tab.value === 'render' && session.base && <RenderView session={session} layer={session.base} />}
        {tab.value === 'curve' && <CurveView session={session} />}
      </div>
    </div>
  );
}
