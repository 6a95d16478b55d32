import { describe, expect, it } from 'vitest';
import type { PixelFormat } from '../core/pixel_format';
import { rawPixels } from '../core/raw_frame';
import { Htj2kDecoder } from './htj2k';

/** 32 × 32 codestreams made with imagecodecs (OpenJPH, reversible): `at * 4`, the same less 2048, and three 8-bit mixes of it. */
const UNSIGNED = '/0//UQApQAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQkJCQkJCQkJCQiIiI'
  + '/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAALgAAf+TwAAmj/YFB3QAwAASwAATAJABB3QASPIDh3QAwAATQAATgAjyAIJ0ACIpkgDDVADAABUQ'
  + 'AAVgQgjxqnACdQCOdMQRR/7AUoHstgDAABWQAAWoAAAAAOfAp6enwngAPvrw4cOHDx8+/v2QgHv2QgHsugDAAC0IAAXQgKqqqqr5/ynp6enp6enifAD+fr/f'
  + '7/f7/X6/3+/3+/94YIQHv2IQHv2IQHv2IQHsswH/2Q==';
const SIGNED = '/0//UQApQAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAABjwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQkJCQkJCQkJCQiIiI'
  + '/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAALgAAf+TwAAmj/4Ch3QAwAASwAATAJABB3QASPIDh3QAwAATQAATgAjyAIJ0ACIpkgDDVADAABUQ'
  + 'AAVgQgjxqnACdQCOdMQRR/7AUoHstgDAABWQAAWoAAAAAOfAp6enwngAPvrw4cOHDx8+/v2QgHv2QgHsugDAAC0IAAXQgKqqqqr5/ynp6enp6enifAD+fr/f'
  + '7/f7/X6/3+/3+/94YIQHv2IQHv2IQHv2IQHsswH/2Q==';
const RGB = '/0//UQAvQAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAADBwEBBwEBBwEB/1AACAACAAAAA/9SAAwAAgABAQUEBEAB/1wAEyBQWFhYWFhYWFhY'
  + 'WFhYUFBQ/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAyQAAf+TwBKA8ADHdADAEoCJAQd0AMASgM0BB3QAwAkgBKD8J3MA9wAHdADACWAEoOwA'
  + 'B3QAbAGHdADACWAEwPAAx3QASP4CB3QAwAkgBOD8AeMArjjlAAa0AMAJYAVAZgDCdAA+hA/iAIa0AMAJYATgwABCdAAiRf4AY1QAwAkgBaQAUeQAgAu4gAu4'
  + 'jnLUUUcAd2fk0LcAwAngBa6S9KCnQnUABr4Gvga+Br4+cl+yj+wjAPWXCEDQuADACWAFUPC08nQAkBAI5MAhAey2AMALQgBd2AAAAAACuL0ri9K4vQ6DHABG'
  + 'wzAMwzAO4zAO4zAO4zAO4zAO4zAO4zAO4zAO4zAO7dAO7dAO7dAO7dD+AAawQcGPgg4Mfkpp5KdQAcAKiAF6UADn1PT08ncAHj08PDw8PDw+PD48Pjw+PD48'
  + 'Pjw+PD48Pjw+PD48Pjw+PD48Pjw+PD5kP2Q/ZD9kP2Q/ZD9kP2QABrBBwY+CDgxwhAppCECnUgHAC1IAWiD/f/9//3//fwBwGnAacBq+VK28AEbDMAzDMP79'
  + 'hCB79hCB7LoAwBdPAF7MAAAAAAAAAACH/qF6heoXqF6heoXqF6heoXqF6heoXqF6hYjxEe8Bvvfee++99957733vvffee++999773nvvvffee++9V0mSJEmS'
  + '9PoAJPfsk9+yT37JPZYAAAAB79gAB79gAB79gAB7LAAAAAPfsAAPfsAAPfsAAPZYAAAAB79gAB79gAB79gAB7LEEwBVwBe+AAAD5/wKUpSlL6QD+fr/f7/f7'
  + '/X6/3+/3+/39fr/f7/f7/X6/3+/3+/v9fr/f7/f7/X6/3+93Oo7jOI7jOI7jOI7z+gAIQPfsIQPfsIQPfsIQPZYAACEB79iEB79iEB79iEB7LAAAQgPfsQgP'
  + 'fsQgPfsQgPZYAACEB79iEB79iEB79iEB7LUEwBd3AFrg/3//f/9//3//f/9//38HPPPPPJTnnnnnkpzzzzzyU555555Kc88888lOeeeeeSnPPPPPJQiiiiij'
  + '7QLe3d3d3d3d3f94Zye/fJ798nv3yey/AP/Z';

const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const format = (more: Partial<PixelFormat> = {}): PixelFormat => ({
  rows: 32, columns: 32, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: 12, highBit: 11, signed: false, photometric: 'MONOCHROME2',
  planar: false, float: false, ...more,
});
const RAMP = Array.from({ length: 1024 }, (_, at) => at * 4);

describe('HTJ2K frames', () => {
  it('come out as the bits that went in, signed or not', async () => {
    const decoder = await Htj2kDecoder.create();
    expect([...decoder.decode(bytes(UNSIGNED), format())]).toEqual(RAMP);
    const signed = decoder.decode(bytes(SIGNED), format({ signed: true }));
    expect([...new Int16Array(signed.buffer)]).toEqual(RAMP.map((value) => value - 2048));
  });

  it('come out as red, green, blue by pixel', async () => {
    const decoder = await Htj2kDecoder.create();
    const rgb = decoder.decode(bytes(RGB), format({ samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, highBit: 7, photometric: 'RGB' }));
    expect([...rgb]).toEqual(RAMP.flatMap((value) => [value >> 4, 255 - (value >> 4), (value >> 2) & 255]));
  });

  it('that are broken, or of another size than their header, are refused, and the next one is right', async () => {
    const decoder = await Htj2kDecoder.create();
    expect(() => decoder.decode(bytes(UNSIGNED).slice(0, 40), format())).toThrow();
    expect(() => decoder.decode(new Uint8Array(100), format())).toThrow();
    expect(() => decoder.decode(bytes(UNSIGNED), format({ rows: 64 }))).toThrow('not the image of the header');
    expect([...decoder.decode(bytes(UNSIGNED), format())]).toEqual(RAMP);
  });

  it('come out smaller from their beginning, with the same values', async () => {
    const decoder = await Htj2kDecoder.create();
    const { pixels, rows, columns } = decoder.decodeReduced(bytes(UNSIGNED), format(), 1);
    expect([rows, columns, pixels.length]).toEqual([16, 16, 256]);
    const wrong = [...pixels].filter((value, at) => {
      const [row, column] = [Math.floor(at / 16), at % 16];
      return row > 0 && row < 15 && column > 0 && column < 15 && Math.abs(value - (row * 64 + column * 2) * 4) > 8;
    });
    expect(wrong).toEqual([]);
    expect(() => decoder.decodeReduced(bytes(UNSIGNED), format({ rows: 64 }), 1)).toThrow('not the image of the header');
    expect([...decoder.decode(bytes(UNSIGNED), format())]).toEqual(RAMP);
  });

  it('take no memory that grows: 2,400 of them in one decoder', async () => {
    const decoder = await Htj2kDecoder.create();
    const codestream = bytes(UNSIGNED);
    decoder.decode(codestream, format());
    const before = decoder.memory();
    for (let count = 0; count < 2400; count += 1) decoder.decode(codestream, format());
    expect(decoder.memory()).toBe(before);
  });
});

describe('raw frames', () => {
  it('are read at the width of their cells, wherever they begin in an answer', () => {
    const answer = Uint8Array.from([9, 1, 0, 255, 255]);
    expect([...rawPixels(answer.subarray(1), format({ rows: 1, columns: 2 }))]).toEqual([1, 65535]);
  });

  it('of single bits begin with the least significant one', () => {
    expect([...rawPixels(Uint8Array.from([0b00000101, 1]), format({ rows: 1, columns: 10, bitsAllocated: 1, bitsStored: 1 }))]).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
  });

  it('that are too short are refused', () => {
    expect(() => rawPixels(new Uint8Array(3), format({ rows: 1, columns: 2 }))).toThrow(RangeError);
  });
});
