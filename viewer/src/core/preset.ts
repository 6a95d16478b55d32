/** Window presets of the reading rooms here, on keys 1–9 in this order (level/width in HU). */
import type { Voi } from './viewport';

export interface Preset {
  /** A catalogue key of src/i18n is `preset.${name}`. */
  readonly name: 'abdomen' | 'angio' | 'bone' | 'brain' | 'chest' | 'lung' | 'pelvis';
  /** `KeyboardEvent.key`. */
  readonly key: string;
  readonly voi: Voi;
}

function preset(name: Preset['name'], key: string, center: number, width: number): Preset {
  return { name, key, voi: { center, width, function: 'LINEAR' } };
}

export const PRESETS: readonly Preset[] = [
  preset('abdomen', '1', 40, 350),
  preset('angio', '2', 300, 600),
  preset('bone', '3', 480, 2500),
  preset('brain', '4', 40, 80),
  preset('chest', '5', 40, 350),
  preset('lung', '6', -600, 1500),
  preset('pelvis', '7', 45, 300),
];
