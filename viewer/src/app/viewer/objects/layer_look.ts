/** How a layer is looked at. */
export interface LayerLook {
  /** Numbers of the entries that are switched off. */
  readonly hidden: ReadonlySet<number>;
  readonly opacity: number;
  /** Of a colour wash: the least part of the maximum that is shown. */
  readonly lowest: number;
}

export const LOOK: LayerLook = { hidden: new Set(), opacity: 0.5, lowest: 0.1 };
