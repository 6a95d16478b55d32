/** Hanging protocols as data (after PS3.3 C.23): for which studies, in which stages, which image stands where and how. */
import type { Presentation } from '../presentation';
import type { Voi } from '../viewport';
import type { MrSequence } from './mr_sequence';

/** Which image a cell wants; all that is given must hold. Without any: the next one that no cell has. */
export interface ImageRule {
  /** Of the study being read (0), or of the n-th prior. */
  readonly prior?: number;
  readonly modalities?: readonly string[];
  readonly laterality?: 'L' | 'R';
  /** View Position, or the CID 4014 meaning cut to it: CC, MLO, PA, AP, LL, RL … */
  readonly views?: readonly string[];
  /** Words of the series description, unaccented and lower case; one with any of them is liked best. */
  readonly words?: readonly string[];
  /** What the series is weighted for (MR). */
  readonly sequences?: readonly MrSequence[];
  /** The one most like the image in that cell (counted from 0), for priors. */
  readonly like?: number;
}

/** How the image stands in its cell. */
export interface CellRule extends ImageRule {
  /** Patient directions (PS3.3 C.7.6.1.1.1) wanted at the right edge and at the bottom; turned and mirrored so where known. */
  readonly right?: string;
  readonly bottom?: string;
  /** The edge of the cell at which the image lies. */
  readonly align?: 'left' | 'right';
  /** Turned and mirrored so where the header knows no directions (ultrasound, photographs). */
  readonly turn?: Pick<Presentation, 'rotation' | 'flipped'>;
  /** The window, for values in HU alone: those of other images mean something else in every study. */
  readonly voi?: Voi;
  readonly inverted?: boolean;
}

export interface Screen {
  readonly rows: number;
  readonly columns: number;
  readonly cells: readonly CellRule[];
}

export interface Stage {
  /** Of the first window, and of the second where there is one. */
  readonly screens: readonly Screen[];
  /** A stage that fills fewer cells of the first screen is passed over at first. */
  readonly least: number;
  readonly linked?: boolean;
  /** A millimetre is as long in every cell. */
  readonly sameScale?: boolean;
}

export interface Conditions {
  /** The study has one of these. */
  readonly modalities?: readonly string[];
  /** The study has all of these. */
  readonly allModalities?: readonly string[];
  /** Body Part Examined of one of its series. */
  readonly bodyParts?: readonly string[];
  readonly laterality?: 'L' | 'R';
  readonly prior?: boolean;
  readonly monitors?: number;
}

export interface Protocol {
  readonly id: string;
  /** As the person called it; built-in ones are named by the catalogue. */
  readonly name?: string;
  readonly when: Conditions;
  readonly stages: readonly Stage[];
}

/** What is known of the study when it is hung. */
export interface StudyFacts {
  readonly modalities: readonly string[];
  readonly bodyParts: readonly string[];
  readonly lateralities: readonly string[];
  readonly prior: boolean;
  readonly monitors: number;
}

/** An image (or stack) that can be put into a cell. */
export interface Candidate {
  readonly key: string;
  /** 0: the study being read; n: the n-th prior. */
  readonly prior: number;
  readonly modality: string;
  readonly laterality: string;
  readonly view: string;
  /** Unaccented, lower case. */
  readonly description: string;
  readonly images: number;
  /** Of an MR series, as far as its description tells. */
  readonly sequence?: MrSequence | '';
}
