/** Draws a volume in three dimensions with WebGL2: rays through a 3D texture. */
import type { Plane } from '../core/volume/planes';
import { normalOf } from '../core/volume/planes';
import { toIndex, type VolumeGrid } from '../core/volume/grid';
import { NO_VALUE, reduction, type TextureSize } from '../core/volume/texture';
import { type RenderPreset, transferTable } from '../core/volume/transfer';
import { dot, minus, scaled, size as length, type Vector } from '../core/volume/vector';
import type { Voi } from '../core/viewport';
import { FRAGMENT, VERTEX } from './ray_shaders';

/** No WebGL2, or a graphics card that takes no 3D texture of this size. */
export class NoGraphicsError extends Error {}

/** Voxels of the longest side of a volume that is drawn: 34 MB of a graphics card's memory at most. */
export const LONGEST = 256;

/** A pair of fractions for columns, rows and slices: what lies between is seen. */
export type ClipBox = readonly [readonly [number, number], readonly [number, number], readonly [number, number]];

export interface Scene {
  readonly plane: Plane;
  /** In the middle of the canvas, in mm. */
  readonly centre: Vector;
  /** Millimetres of a pixel of the canvas. */
  readonly scale: number;
  readonly clip: ClipBox;
  readonly preset: RenderPreset;
  readonly voi: Voi;
  readonly inverse: boolean;
  /** Longer strides while it is turned. */
  readonly coarse: boolean;
}

interface Texture {
  readonly size: TextureSize;
  readonly minimum: number;
  readonly maximum: number;
}

const NAMES = ['volume', 'transfer', 'eye', 'across', 'up', 'ahead', 'sight', 'toTexture', 'low', 'high', 'texel', 'stride', 'projection', 'window', 'inverse'] as const;

function shader(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const made = gl.createShader(type);
  if (!made) throw new NoGraphicsError();
  gl.shaderSource(made, source);
  gl.compileShader(made);
  if (gl.getShaderParameter(made, gl.COMPILE_STATUS) !== true) throw new NoGraphicsError(gl.getShaderInfoLog(made) ?? '');
  return made;
}

export class RayCaster {
  private readonly gl: WebGL2RenderingContext;
  private readonly places = new Map<string, WebGLUniformLocation | null>();
  private texture: Texture | null = null;
  private table: RenderPreset | null = null;

  /** @throws NoGraphicsError */
  constructor(private readonly canvas: HTMLCanvasElement, private readonly grid: VolumeGrid) {
    const gl = canvas.getContext('webgl2', { antialias: false, depth: false, preserveDrawingBuffer: true });
    if (!gl) throw new NoGraphicsError();
    this.gl = gl;
    const program = gl.createProgram();
    gl.attachShader(program, shader(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, shader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) throw new NoGraphicsError(gl.getProgramInfoLog(program) ?? '');
    gl.useProgram(program);
    for (const name of NAMES) this.places.set(name, gl.getUniformLocation(program, name));
    gl.bindVertexArray(gl.createVertexArray());
  }

  /** Take the values, made small by `texture` with {@link LONGEST}; places without a value are as the least one. */
  fill(values: Float32Array<ArrayBuffer>, size: TextureSize): void {
    const { gl } = this;
    let [minimum, maximum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      if (value === NO_VALUE) continue;
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
    }
    if (!(maximum > minimum)) [minimum, maximum] = [0, 1];
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at] ?? NO_VALUE;
      values[at] = value === NO_VALUE ? 0 : (value - minimum) / (maximum - minimum);
    }
    if (Math.max(size.columns, size.rows, size.slots) > Number(gl.getParameter(gl.MAX_3D_TEXTURE_SIZE))) throw new NoGraphicsError();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_3D, gl.createTexture());
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage3D(gl.TEXTURE_3D, 0, gl.R16F, size.columns, size.rows, size.slots, 0, gl.RED, gl.FLOAT, values);
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) gl.texParameteri(gl.TEXTURE_3D, wrap, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    if (gl.getError() !== gl.NO_ERROR) throw new NoGraphicsError();
    this.texture = { size, minimum, maximum };
    this.table = null;
  }

  private place(name: (typeof NAMES)[number]): WebGLUniformLocation | null {
    return this.places.get(name) ?? null;
  }

  private vector(name: (typeof NAMES)[number], [x, y, z]: Vector): void {
    this.gl.uniform3f(this.place(name), x, y, z);
  }

  private loadTable(preset: RenderPreset, { minimum, maximum }: Texture): void {
    const { gl } = this;
    if (this.table === preset) return;
    this.table = preset;
    const table = transferTable(preset.points, minimum, maximum);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, table.length / 4, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  }

  /** Draw; nothing happens before the values are there. */
  draw(scene: Scene): void {
    const { gl, grid, texture } = this;
    if (!texture || gl.isContextLost()) return;
    this.loadTable(scene.preset, texture);
    const by = reduction({ columns: grid.columns, rows: grid.rows, slots: grid.slots }, LONGEST);
    const whole: Vector = [texture.size.columns * by[0], texture.size.rows * by[1], texture.size.slots * by[2]];
    const map = toIndex(grid);
    const rows = [scaled(map.column, 1 / whole[0]), scaled(map.row, 1 / whole[1]), scaled(map.slot, 1 / whole[2])] as const;
    const step = (a: Vector): Vector => [dot(rows[0], a), dot(rows[1], a), dot(rows[2], a)];
    const { plane: { right, down }, scale } = scene;
    const sight = normalOf(scene.plane);
    const from = step(minus(scene.centre, grid.origin));
    this.vector('eye', [from[0] + 0.5 / whole[0], from[1] + 0.5 / whole[1], from[2] + 0.5 / whole[2]]);
    this.vector('across', step(scaled(right, (this.canvas.width / 2) * scale)));
    this.vector('up', step(scaled(down, (-this.canvas.height / 2) * scale)));
    this.vector('ahead', step(sight));
    this.vector('sight', sight);
    // Column by column, as GLSL stores matrices.
    gl.uniformMatrix3fv(this.place('toTexture'), false, [0, 1, 2].flatMap((axis) => rows.map((row) => row[axis] ?? 0)));
    const counts = [grid.columns, grid.rows, grid.slots];
    const end = (at: 0 | 1): Vector => {
      const part = (axis: 0 | 1 | 2): number => (scene.clip[axis][at] * (counts[axis] ?? 1)) / whole[axis];
      return [part(0), part(1), part(2)];
    };
    this.vector('low', end(0));
    this.vector('high', end(1));
    this.vector('texel', [1 / texture.size.columns, 1 / texture.size.rows, 1 / texture.size.slots]);
    const voxel = Math.min(length(grid.toColumn) * by[0], length(grid.toRow) * by[1], length(grid.toSlot) * by[2]);
    gl.uniform1f(this.place('stride'), voxel * (scene.coarse ? 1.4 : 0.6));
    this.look(scene, texture);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private look({ preset, voi, inverse }: Scene, { minimum, maximum }: Texture): void {
    const { gl } = this;
    const part = (value: number): number => (value - minimum) / (maximum - minimum);
    gl.uniform1i(this.place('volume'), 0);
    gl.uniform1i(this.place('transfer'), 1);
    gl.uniform1i(this.place('projection'), preset.projection ? 1 : 0);
    gl.uniform1i(this.place('inverse'), inverse ? 1 : 0);
    gl.uniform2f(this.place('window'), part(voi.center - voi.width / 2), part(voi.center + voi.width / 2));
  }

  destroy(): void {
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
