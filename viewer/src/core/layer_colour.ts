/** Colours of what lies over images: those that a file asks for, and ours where it asks for none. */

/** Red, green, blue, 0–255. */
export type Rgb = readonly [number, number, number];

/** Told apart with any kind of colour vision (after Okabe and Ito), bright enough on black. */
const OWN: readonly Rgb[] = [
  [230, 159, 0], [86, 180, 233], [0, 190, 140], [240, 228, 66], [80, 140, 255], [245, 110, 40], [220, 130, 190], [170, 220, 90], [180, 160, 255], [255, 190, 170],
];

export function layerColour(at: number): Rgb {
  return OWN[at % OWN.length] ?? [255, 255, 255];
}

/** As CSS. */
export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

function companded(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(Math.max(value, 0), 1) * 255);
}

/** Recommended Display CIELab Value (PS3.3 C.10.7.1.1): L* and a*, b* in 16 bits with the white of the profile connection space, D50. */
export function labColour([l, a, b]: readonly [number, number, number]): Rgb {
  const [lightness, greenRed, blueYellow] = [(l / 65_535) * 100, (a / 65_535) * 255 - 128, (b / 65_535) * 255 - 128];
  const y = (lightness + 16) / 116;
  const cubed = (value: number): number => (value > 6 / 29 ? value ** 3 : 3 * (6 / 29) ** 2 * (value - 4 / 29));
  const [X, Y, Z] = [0.9642 * cubed(y + greenRed / 500), cubed(y), 0.8251 * cubed(y - blueYellow / 200)];
  // From D50 to the primaries of sRGB (ICC, Bradford).
  return [
    companded(3.1338561 * X - 1.6168667 * Y - 0.4906146 * Z),
    companded(-0.9787684 * X + 1.9161415 * Y + 0.033454 * Z),
    companded(0.0719453 * X - 0.2289914 * Y + 1.4052427 * Z),
  ];
}

/** Anchors of a scale that grows brighter and stays apart with any colour vision (after Inferno). */
const SCALE: readonly Rgb[] = [[20, 14, 54], [87, 16, 110], [160, 38, 95], [219, 80, 59], [250, 147, 20], [252, 255, 164]];

/** The colour of a part of a scale, 0–1. */
export function scaleColour(part: number): Rgb {
  const place = Math.min(Math.max(part, 0), 1) * (SCALE.length - 1);
  const [low, high] = [SCALE[Math.floor(place)], SCALE[Math.ceil(place)]];
  if (!low || !high) return [255, 255, 255];
  const share = place - Math.floor(place);
  const mix = (at: 0 | 1 | 2): number => Math.round(low[at] + (high[at] - low[at]) * share);
  return [mix(0), mix(1), mix(2)];
}
