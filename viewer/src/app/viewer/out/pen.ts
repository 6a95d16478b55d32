/** Letters on a picture, in units of CSS pixels: on a dark outline, so that they are read on white too. */
export const INK = '#e8eef5';
/** From the edge of the picture. */
export const EDGE = 12;
export const LINE = 18;
export const SIZE = 13;

/** Writes a line at a place. */
export type Put = (text: string, x: number, y: number, align: CanvasTextAlign) => void;

export function pen(context: CanvasRenderingContext2D): Put {
  context.textBaseline = 'alphabetic';
  return (text, x, y, align) => {
    context.textAlign = align;
    context.lineWidth = 3;
    context.lineJoin = 'round';
    context.strokeStyle = 'rgb(0 0 0 / 85%)';
    context.strokeText(text, x, y);
    context.fillStyle = INK;
    context.fillText(text, x, y);
  };
}

/** Corners share the width of the picture: a long line ends with an ellipsis. */
export function fitted(context: CanvasRenderingContext2D, line: string, width: number): string {
  const most = width * 0.46;
  if (context.measureText(line).width <= most) return line;
  let cut = line;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > most) cut = cut.slice(0, -1);
  return `${cut}…`;
}
