/** The monitor check: a pattern, what must be seen in it, and how large the screen's pixels are. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { AccountMenu } from '../controls/account_menu';
import { Icon } from '../icons';
import { goTo } from '../location';
import { drawPattern, pattern } from './pattern';
import { ScreenSize } from './screen_size';
import { mt } from './texts';
import '../../styles/monitor.css';

const CHECKS = ['five', 'corners', 'steps', 'ramps', 'lines', 'letters', 'edges', 'clean'] as const;
const STORED_UNDER = 'filmless.monitor_checked';

function readChecked(): string {
  try {
    return localStorage.getItem(STORED_UNDER) ?? '';
  } catch {
    return '';
  }
}

export function MonitorPage(): JSX.Element {
  const stage = useRef<HTMLDivElement>(null);
  useEffect(() => { document.title = `${mt('title')} · ${t('app.name')}`; });
  const fill = (): void => void stage.current?.requestFullscreen().catch(() => undefined); // refused by the browser: it stays as it is
  return (
    <div class="monitor-page">
      <header class="monitor-header">
        <a class="icon-button" href="/" aria-label={t('viewer.back')} title={t('viewer.back')} onClick={(event) => { event.preventDefault(); goTo('/'); }}>
          <Icon name="chevron_left" />
        </a>
        <h1>{mt('title')}</h1>
        <button type="button" class="button" title={mt('full_screen_hint')} onClick={fill}><Icon name="full_screen" />{mt('full_screen')}</button>
        <AccountMenu />
      </header>
      <main id="content" class="monitor-main" tabIndex={-1}>
        <div ref={stage} class="monitor-stage on-black"><PatternCanvas /></div>
        <div class="monitor-side">
          <p>{mt('intro')}</p>
          <Checks />
          <ScreenSize />
        </div>
      </main>
    </div>
  );
}

/** One pixel of the pattern is one of the screen: the canvas has as many as the place it fills. */
function PatternCanvas(): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const place = element?.parentElement;
    if (!element || !place) return;
    const draw = (): void => {
      const ratio = globalThis.devicePixelRatio || 1;
      const [width, height] = [Math.floor(place.clientWidth * ratio), Math.floor(place.clientHeight * ratio)];
      if (width < 64 || height < 64) return;
      [element.width, element.height] = [width, height];
      [element.style.width, element.style.height] = [`${width / ratio}px`, `${height / ratio}px`];
      const context = element.getContext('2d', { alpha: false });
      if (context) drawPattern(context, pattern(width, height), Math.floor(Math.min(width, height) / 9));
    };
    const observer = new ResizeObserver(draw);
    observer.observe(place);
    return () => observer.disconnect();
  }, []);
  return <canvas ref={canvas} role="img" aria-label={mt('pattern')} />;
}

function Checks(): JSX.Element {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const [checked, setChecked] = useState(readChecked);
  const toggle = (name: string): void => {
    const next = new Set(seen);
    if (!next.delete(name)) next.add(name);
    setSeen(next);
  };
  const record = (): void => {
    const now = new Date().toISOString();
    setChecked(now);
    try {
      localStorage.setItem(STORED_UNDER, now);
    } catch {
      // storage is switched off: it is known for this page
    }
  };
  return (
    <section aria-labelledby="monitor-look">
      <h2 id="monitor-look">{mt('look')}</h2>
      <ul class="monitor-checks">
        {CHECKS.map((name) => (
          <li key={name}>
            <label><input type="checkbox" checked={seen.has(name)} onChange={() => toggle(name)} /><span>{mt(`check.${name}`)}</span></label>
          </li>
        ))}
      </ul>
      <button type="button" class="button primary" disabled={seen.size < CHECKS.length} onClick={record}><Icon name="check" />{mt('record')}</button>
      <p class="quiet" role="status">{checked === '' ? mt('not_recorded') : mt('recorded', { moment: formatMoment(checked, new Date(0)) })}</p>
      {seen.size < CHECKS.length && <p class="quiet">{mt('remaining')} {mt('failed')}</p>}
    </section>
  );
}
