/** Draws on WebGL2: cells as an integer texture, the grayscale pipeline as a table of 8-bit display values. */
import { type IndexedPicture, type Picture, PictureTooLarge, type Renderer, scaleOf } from './renderer';
import { COLOUR_FRAGMENT, INDEXED_FRAGMENT, VERTEX } from './shaders';
import { type Affine, inverse, type Size } from './view';

const MOST_TAPS = 4;

function compile(gl: WebGL2RenderingContext, kind: number, source: string): WebGLShader {
  const shader = gl.createShader(kind);
  if (!shader) throw new Error('WebGL2 gives no shader');
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

class Program {
  private readonly program: WebGLProgram;
  private readonly places = new Map<string, WebGLUniformLocation | null>();

  constructor(
    private readonly gl: WebGL2RenderingContext,
    fragment: string,
  ) {
    this.program = gl.createProgram();
    for (const shader of [compile(gl, gl.VERTEX_SHADER, VERTEX), compile(gl, gl.FRAGMENT_SHADER, fragment)]) {
      gl.attachShader(this.program, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(this.program);
    if (gl.getProgramParameter(this.program, gl.LINK_STATUS) !== true && !gl.isContextLost()) {
      throw new Error(`The shaders do not link: ${gl.getProgramInfoLog(this.program) ?? ''}`);
    }
  }

  use(): void {
    this.gl.useProgram(this.program);
  }

  place(name: string): WebGLUniformLocation | null {
    let place = this.places.get(name);
    if (place === undefined) {
      place = this.gl.getUniformLocation(this.program, name);
      this.places.set(name, place);
    }
    return place;
  }
}

/** What lives in the context; all of it is made anew when the context was lost. */
class Resources {
  readonly indexed: Program;
  readonly colour: Program;
  readonly cells: WebGLTexture;
  readonly table: WebGLTexture;
  readonly colours: WebGLTexture;
  /** What the textures hold now. */
  uploadedPixels: unknown = null;
  uploadedTable: unknown = null;

  constructor(gl: WebGL2RenderingContext) {
    this.indexed = new Program(gl, INDEXED_FRAGMENT);
    this.colour = new Program(gl, COLOUR_FRAGMENT);
    [this.cells, this.table, this.colours] = [gl.createTexture(), gl.createTexture(), gl.createTexture()];
    for (const texture of [this.cells, this.table, this.colours]) {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
      for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
    }
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.bindVertexArray(gl.createVertexArray());
  }
}

export class WebglRenderer implements Renderer {
  readonly kind = 'gpu';
  readonly canvas = document.createElement('canvas');
  private readonly gl: WebGL2RenderingContext;
  private resources: Resources;
  private readonly largest: number;

  /**
   * @param onLost the context is gone; it may come back by itself
   * @param onRestored it came back: draw again
   * @throws Error where there is no WebGL2
   */
  constructor(onLost: () => void, onRestored: () => void) {
    const gl = this.canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false, powerPreference: 'default' });
    if (!gl) throw new Error('There is no WebGL2 here');
    this.gl = gl;
    this.resources = new Resources(gl);
    this.largest = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    this.canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
      onLost();
    });
    this.canvas.addEventListener('webglcontextrestored', () => {
      this.resources = new Resources(gl);
      onRestored();
    });
  }

  resize({ width, height }: Size): void {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  draw(picture: Picture | null, toCanvas: Affine): void {
    const { gl } = this;
    if (gl.isContextLost()) return;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    if (!picture) {
      gl.clearColor(0, 0, 0, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      return;
    }
    if (picture.width > this.largest || picture.height > this.largest) throw new PictureTooLarge();
    const program = picture.kind === 'indexed' ? this.resources.indexed : this.resources.colour;
    program.use();
    if (picture.kind === 'indexed') this.bindIndexed(picture, program);
    else this.bindColour(picture, program);
    const map = inverse(toCanvas);
    gl.uniformMatrix3fv(program.place('toPicture'), false, [map.a, map.b, 0, map.c, map.d, 0, map.e, map.f, 1]);
    gl.uniform2i(program.place('size'), picture.width, picture.height);
    gl.uniform1i(program.place('taps'), Math.min(Math.max(Math.ceil(1 / scaleOf(toCanvas) - 0.01), 1), MOST_TAPS));
    gl.uniform1f(program.place('canvasHeight'), this.canvas.height);
    gl.uniform1i(program.place('inverted'), picture.kind !== 'indexed' && picture.inverted ? 1 : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  destroy(): void {
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.remove();
  }

  private bind(unit: number, texture: WebGLTexture): void {
    this.gl.activeTexture(this.gl.TEXTURE0 + unit);
    this.gl.bindTexture(this.gl.TEXTURE_2D, texture);
  }

  private bindIndexed(picture: IndexedPicture, program: Program): void {
    const { gl, resources } = this;
    this.bind(0, resources.cells);
    if (resources.uploadedPixels !== picture.pixels) {
      const [format, type] = picture.pixels instanceof Uint16Array ? [gl.R16UI, gl.UNSIGNED_SHORT] : [gl.R8UI, gl.UNSIGNED_BYTE];
      gl.texImage2D(gl.TEXTURE_2D, 0, format, picture.width, picture.height, 0, gl.RED_INTEGER, type, picture.pixels);
      resources.uploadedPixels = picture.pixels;
    }
    this.bind(1, resources.table);
    if (resources.uploadedTable !== picture.table) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 256, picture.table.length / 256, 0, gl.RED, gl.UNSIGNED_BYTE, picture.table);
      resources.uploadedTable = picture.table;
    }
    gl.uniform1i(program.place('cells'), 0);
    gl.uniform1i(program.place('table'), 1);
  }

  private bindColour(picture: Exclude<Picture, IndexedPicture>, program: Program): void {
    const { gl, resources } = this;
    this.bind(2, resources.colours);
    const source = picture.kind === 'colour' ? picture.rgba : picture.bitmap;
    if (resources.uploadedPixels !== source) {
      if (picture.kind === 'colour') {
        const bytes = new Uint8Array(picture.rgba.buffer);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, picture.width, picture.height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      } else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, picture.bitmap);
      resources.uploadedPixels = source;
    }
    gl.uniform1i(program.place('colours'), 2);
  }
}
