/** What belongs to several cells at once: loaded when the first image is there, so that it never stands before it. */
import type { Workspace } from '../workspace';
import { CellLayer } from './cell_layer';
import { Desk } from './desk';
import { DeskPage } from './desk_page';
import { LayoutItems } from './layout_items';
import { PriorList } from './prior_list';

export function createDesk(workspace: Workspace, address: URLSearchParams): Desk {
  const desk = new Desk(workspace, address, { CellLayer, LayoutItems, Page: DeskPage, PriorList });
  desk.start();
  return desk;
}
