/** The icons: strokes on a 24-unit square, drawn for this product. */
import type { JSX } from 'preact';

const STROKES = {
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20',
  close: 'M6 6l12 12M18 6 6 18',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  eye_off: 'M4 4l16 16M9.9 5.8A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.7 3.5M6.4 7.5A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4.3-1.1M9.9 9.9a3 3 0 0 0 4.2 4.2',
  language: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c2.5 2.6 3.8 5.6 3.8 9s-1.3 6.4-3.8 9c-2.5-2.6-3.8-5.6-3.8-9S9.5 5.6 12 3Z',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-3.7 3.8-5.5 7.5-5.5s6.7 1.8 7.5 5.5',
  details: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.6v.1',
  chevron_left: 'M15 5l-7 7 7 7',
  chevron_right: 'M9 5l7 7-7 7',
  chevron_down: 'M5 9l7 7 7-7',
  chevron_up: 'M5 15l7-7 7 7',
  warning: 'M12 4 2.8 19.5h18.4L12 4ZM12 10v4.5M12 17v.1',
  offline: 'M4 4l16 16M8.5 15.5a5 5 0 0 1 7 0M5 12a10 10 0 0 1 4.5-2.6M19 12a10 10 0 0 0-4-2.5M2 8.5a15 15 0 0 1 4-2.6M22 8.5A15 15 0 0 0 10.5 4.6M12 19v.1',
  inbox: 'M3.5 13.5h4.7l1.5 2.5h4.6l1.5-2.5h4.7M3.5 13.5 6.5 5h11l3 8.5V19h-17v-5.5Z',
  lock: 'M6 11h12v9H6v-9ZM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  copy: 'M9 9h11v11H9V9ZM15 9V4H4v11h5',
  window: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 3.5v17M15 5v14M18 7v10',
  pan: 'M12 3v18M3 12h18M12 3 9.5 5.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5',
  zoom: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20M10.5 8v5M8 10.5h5',
  zoom_out: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20M8 10.5h5',
  scroll: 'M6 4.5h12M6 19.5h12M4 8.5h16v7H4v-7Z',
  length: 'M4.5 19.5l15-15M3 18l3 3M18 3l3 3M9 12.5l1.5 1.5M12.5 9l1.5 1.5',
  ellipse: 'M12 18.5c5 0 9-2.9 9-6.5s-4-6.5-9-6.5-9 2.9-9 6.5 4 6.5 9 6.5Z',
  rectangle: 'M3.5 6h17v12h-17V6Z',
  presets: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  invert: 'M4 4h16v16H4V4ZM4 20 20 4M8 12v8M12 8.5V20M16 4.5V20',
  rotate: 'M4 10.5h10.5V21H4V10.5ZM9 4.5h5.5a5.5 5.5 0 0 1 5.5 5.5v3M17.2 10.6 20 13.4l2.8-2.8',
  flip_horizontal: 'M12 3v18M9 7v10H3l6-10ZM15 7v10h6L15 7Z',
  flip_vertical: 'M3 12h18M7 9h10V3L7 9ZM7 15h10v6L7 15Z',
  play: 'M7 4.5v15l12-7.5L7 4.5Z',
  stop: 'M6.5 6.5h11v11h-11v-11Z',
  reset: 'M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4.5 3.5v4.3h4.3',
  layout_1x1: 'M4 4.5h16v15H4v-15Z',
  layout_1x2: 'M4 4.5h16v15H4v-15ZM12 4.5v15',
  layout_2x1: 'M4 4.5h16v15H4v-15ZM4 12h16',
  layout_2x2: 'M4 4.5h16v15H4v-15ZM4 12h16M12 4.5v15',
  layout_4x4: 'M4 4h16v16H4V4ZM4 8h16M4 12h16M4 16h16M8 4v16M12 4v16M16 4v16',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17',
  lines: 'M4 4h16v16H4V4ZM4 9.5l16 5',
  crosshair: 'M12 3v6M12 15v6M3 12h6M15 12h6M12 12h.1',
  second_window: 'M3.5 5h10v9h-10V5ZM10.5 17v2.5h10v-9H16',
  full_screen: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  help: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.8v.1',
  measurements: 'M3.5 8.5h17v7h-17v-7ZM7 8.5v3M10.3 8.5v3M13.7 8.5v3M17 8.5v3',
  remove: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 12.5h8.4L17 7M10.3 10.5v5.5M13.7 10.5v5.5',
  more: 'M6 12h.1M12 12h.1M18 12h.1',
  document: 'M6 3.5h8l4.5 4.5v12.5H6v-17ZM14 3.5V8h4.5M9 12.5h6M9 16h6',
  film: 'M5 3.5h14v17H5v-17ZM8 6.5h3.2v3.6H8V6.5ZM12.8 6.5H16v3.6h-3.2V6.5ZM8 12h3.2v3.6H8V12ZM12.8 12H16v3.6h-3.2V12ZM8 18h8',
  image_stack: 'M4 8h12v12H4V8ZM8 8V4h12v12h-4',
  strip: 'M4 4.5h16v15H4v-15ZM9 4.5v15',
  check: 'M5 12.5l4.5 4.5L19 7',
  network: 'M9 3.5h6v5H9v-5ZM3.5 15.5h6v5h-6v-5ZM14.5 15.5h6v5h-6v-5ZM12 8.5V12M6.5 15.5V12h11v3.5',
  machine: 'M3.5 6.5h17v9h-17v-9ZM12 15.5v4M8 19.5h8M6.5 9.5h.1',
  order: 'M7 4.5H5.5v16h13v-16H17M9 3.5h6v3H9v-3ZM8.5 11l1.5 1.5 2.5-2.5M8.5 16.5h7M14.5 11.5h1.5',
  pulse: 'M3 12.5h4l2.5-7 4.5 13 2.5-6h4.5',
  quarantine: 'M12 3.5 4.5 6.5v5.5c0 4.5 3.2 7.3 7.5 8.5 4.3-1.2 7.5-4 7.5-8.5V6.5L12 3.5ZM12 8.5v4M12 15.5v.1',
  discrepancy: 'M4 8h13M13.5 4.5 17 8l-3.5 3.5M20 16H7M10.5 12.5 7 16l3.5 3.5',
  download: 'M12 4v11M7.5 11 12 15.5 16.5 11M4.5 19.5h15',
  volume: 'M12 3l8.5 4.5v9L12 21l-8.5-4.5v-9L12 3ZM3.5 7.5 12 12l8.5-4.5M12 12v9',
  fusion: 'M9.5 16a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM14.5 20a6 6 0 1 0 0-12 6 6 0 0 0 0 12Z',
  volume_cross: 'M12 2.5v7M12 14.5v7M2.5 12h7M14.5 12h7',
  curve: 'M3.5 18C6 8 9.5 6 12 11s6 5 8.5-5M3.5 18h.1M12 11h.1M20.5 6h.1',
  out: 'M12 15V4M7.5 8.5 12 4l4.5 4.5M5 12.5V20h14v-7.5',
  printer: 'M7 8.5V4h10v4.5M7 16.5H4v-8h16v8h-3M7 13.5h10V20H7v-6.5Z',
  share_link: 'M10 14a3.5 3.5 0 0 0 5 0l3.5-3.5a3.5 3.5 0 0 0-5-5L12 7M14 10a3.5 3.5 0 0 0-5 0l-3.5 3.5a3.5 3.5 0 0 0 5 5L12 17',
  theme: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 3.5v17M12 3.5a8.5 8.5 0 0 1 0 17',
  monitor: 'M3.5 4.5h17v11.5h-17V4.5ZM12 16v4M8 20h8M7.5 12.5v-3M10.5 12.5v-5M13.5 12.5v-4M16.5 12.5v-2',
  arrow_right: 'M4 12h16M14 6l6 6-6 6',
  angle: 'M19.5 5 4 19h16.5M10.5 13.3a8 8 0 0 1 2.4 5.6',
  cobb: 'M3.5 7.5 14 3.5M10 20.5l10.5-4M11 5.5c3 3 4 7 3.5 12',
  bidirectional: 'M4 20 20 4M8 9l7 7M2.6 18.6l2.8 2.8M18.6 2.6l2.8 2.8',
  freehand: 'M5.5 9c2-4.5 8-6 11.5-3.5s4.5 7 1.5 10.5-9 4-12 1.5S4 12.5 5.5 9Z',
  probe: 'M12 3v6M12 15v6M3 12h6M15 12h6M12 12h.1',
  arrow: 'M5 5l14 14M5 5v6M5 5h6',
  text: 'M5 6V4.5h14V6M12 4.5v15M9.5 19.5h5',
  window_region: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 8v8',
  magnifier: 'M11 19a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM17 17l4 4M7.5 11h7M11 7.5v7',
  undo: 'M8.5 5 4 9.5 8.5 14M4 9.5h10a5.5 5.5 0 0 1 0 11h-3.5',
  redo: 'M15.5 5 20 9.5 15.5 14M20 9.5H10a5.5 5.5 0 0 0 0 11h3.5',
  filter: 'M3.5 5.5h17L14 13v6l-4-2v-4L3.5 5.5Z',
  bookmark: 'M6.5 4h11v16l-5.5-4-5.5 4V4Z',
  columns: 'M4 4.5h16v15H4v-15ZM9.3 4.5v15M14.7 4.5v15',
  keyboard: 'M3 6.5h18v11H3v-11ZM6.5 10h.1M10 10h.1M13.5 10h.1M17 10h.1M8 14h8',
  star: 'M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8L12 3.5Z',
  picture: 'M4 5h16v14H4V5ZM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 9.6a.9.9 0 1 0 0-1.8.9.9 0 0 0 0 1.8Z',
} as const;

export type IconName = keyof typeof STROKES;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={STROKES[name]} />
    </svg>
  );
}

/** The product's mark: a sheet of film that is only an outline, with the image left inside. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark-logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect x="3.5" y="3.5" width="25" height="25" rx="7" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="3.2 3.2" opacity=".55" />
      <circle cx="16" cy="16" r="7.5" fill="none" stroke="currentColor" stroke-width="2.2" />
      <path d="M16 8.5a7.5 7.5 0 0 1 0 15Z" fill="currentColor" />
    </svg>
  );
}
