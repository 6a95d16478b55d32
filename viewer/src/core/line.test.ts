import { describe, expect, it } from 'vitest';

import { Line } from './line';

const of = (bytes: number, milliseconds: number): { bytes: number; milliseconds: number } => ({ bytes, milliseconds });

describe('the line to the server', () => {
  it('is slow until something was seen of it, and nothing is told by little or by what the browser had', () => {
    expect(new Line([]).isFast).toBe(false);
    expect(new Line([of(900, 0), of(0, 0)]).isFast).toBe(false);
  });

  it('is judged at first by the files of the page', () => {
    expect(new Line([of(61_000, 2)]).isFast).toBe(true); // 30 MB/s
    expect(new Line([of(61_000, 5)]).isFast).toBe(false); // 100 Mbit/s
    expect(new Line([of(61_000, 244)]).isFast).toBe(false); // 2 Mbit/s
  });

  it('is judged by its latest images, which share it', () => {
    const line = new Line([of(61_000, 1)]);
    for (const milliseconds of [400, 300, 5]) line.note(of(524_288, milliseconds));
    expect(line.isFast).toBe(true);
    for (let at = 0; at < 8; at += 1) line.note(of(524_288, 60));
    expect(line.isFast).toBe(false);
    line.note(of(4_000_000, 40));
    expect(line.isFast).toBe(true);
  });
});
