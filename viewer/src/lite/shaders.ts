/** GLSL of the WebGL2 renderer: a display value per cell from the table, interpolated; flat areas stay exact. */

export const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

/**
 * Each device pixel averages taps × taps bilinear samples over the part of the picture it covers, so that a reduced
 * radiograph does not flicker. Interpolation is of display values, after the whole grayscale pipeline.
 */
function fragment(declarations: string, texel: string): string {
  return `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform mat3 toPicture;
uniform ivec2 size;
uniform int taps;
uniform float canvasHeight;
uniform bool inverted;
out vec4 colour;
${declarations}
vec3 texel(ivec2 at) {
  at = clamp(at, ivec2(0), size - 1);
  ${texel}
}
vec3 sampleAt(vec2 position) {
  vec2 corner = position - 0.5;
  ivec2 at = ivec2(floor(corner));
  vec2 part = corner - floor(corner);
  vec3 top = mix(texel(at), texel(at + ivec2(1, 0)), part.x);
  vec3 bottom = mix(texel(at + ivec2(0, 1)), texel(at + ivec2(1, 1)), part.x);
  return mix(top, bottom, part.y);
}
vec2 toPosition(vec2 device) { return (toPicture * vec3(device, 1.0)).xy; }
void main() {
  vec2 device = vec2(gl_FragCoord.x, canvasHeight - gl_FragCoord.y);
  vec2 middle = toPosition(device);
  if (any(lessThan(middle, vec2(0.0))) || any(greaterThanEqual(middle, vec2(size)))) {
    colour = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  vec3 sum = vec3(0.0);
  for (int row = 0; row < taps; row++) {
    for (int column = 0; column < taps; column++) {
      vec2 offset = (vec2(column, row) + 0.5) / float(taps) - 0.5;
      sum += sampleAt(toPosition(device + offset));
    }
  }
  vec3 mean = sum / float(taps * taps);
  colour = vec4(inverted ? 1.0 - mean : mean, 1.0);
}`;
}

export const INDEXED_FRAGMENT = fragment(
  'uniform usampler2D cells; uniform sampler2D table;',
  `int cell = int(texelFetch(cells, at, 0).r);
  return vec3(texelFetch(table, ivec2(cell & 255, cell >> 8), 0).r);`,
);

export const COLOUR_FRAGMENT = fragment('uniform sampler2D colours;', 'return texelFetch(colours, at, 0).rgb;');
