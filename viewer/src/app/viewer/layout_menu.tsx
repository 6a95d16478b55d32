/** The menu of layouts: a grid to point at, then what the desk adds (hanging protocols, links, the second window). */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { Menu } from '../controls/menu';
import { gridOf, layoutOf, MOST_COLUMNS, MOST_ROWS } from './layout';
import type { Workspace } from './workspace';
import '../../styles/layout_menu.css';

const ROWS = Array.from({ length: MOST_ROWS }, (_, at) => at + 1);
const COLUMNS = Array.from({ length: MOST_COLUMNS }, (_, at) => at + 1);

export function LayoutMenu({ workspace }: { readonly workspace: Workspace }): JSX.Element {
  const desk = workspace.desk.value;
  return (
    <Menu label={t('action.layout')} icon="layout_2x2" caption={t('action.layout')} buttonClass="tool">
      <GridChoice workspace={workspace} />
      {desk && <desk.parts.LayoutItems desk={desk} />}
    </Menu>
  );
}

/** 4×4 squares: the one pointed at or focused is the last of the layout. */
function GridChoice({ workspace }: { readonly workspace: Workspace }): JSX.Element {
  const now = gridOf(workspace.layout.value);
  const [aimed, setAimed] = useState<typeof now | null>(null);
  const { rows, columns } = aimed ?? now;
  return (
    <div class="grid-choice" onPointerLeave={() => setAimed(null)}>
      {ROWS.map((row) => COLUMNS.map((column) => {
        const layout = layoutOf({ rows: row, columns: column });
        return (
          <button
            key={layout} type="button" role="menuitemradio" tabIndex={-1} class="grid-square" data-grid={layout}
            aria-checked={layout === workspace.layout.value} data-lit={row <= rows && column <= columns}
            aria-label={t('layout.grid', { rows: row, columns: column })} title={t('layout.grid', { rows: row, columns: column })}
            onPointerEnter={() => setAimed({ rows: row, columns: column })} onFocus={() => setAimed({ rows: row, columns: column })}
            onClick={() => workspace.setLayout(layout)}
          />
        );
      }))}
    </div>
  );
}
