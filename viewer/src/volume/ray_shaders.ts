/** The programs of the ray caster, in GLSL ES 3.00. */

export const VERTEX = `#version 300 es
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  place = corner;
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

/**
 * A parallel ray a pixel. Places in the texture are linear in millimetres, at right angles or not, so that a straight ray
 * of the patient is a straight one there; light falls from the eye on surfaces as their gradient in the patient lies.
 */
export const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler3D;
in vec2 place;
out vec4 shown;
uniform sampler3D volume;
uniform sampler2D transfer;
uniform vec3 eye;        // texture place of the middle of the screen
uniform vec3 across;     // texture step to the right edge
uniform vec3 up;         // texture step to the upper edge
uniform vec3 ahead;      // texture step of a millimetre
uniform vec3 sight;      // direction of sight in the patient
uniform mat3 toTexture;  // millimetres to texture
uniform vec3 low;        // clipping box
uniform vec3 high;
uniform vec3 texel;
uniform float stride;    // millimetres
uniform bool projection;
uniform vec2 window;     // least and largest shown of a projection
uniform bool inverse;

const int MOST = 2048;

vec3 gradient(vec3 at) {
  vec3 found = vec3(
    texture(volume, at + vec3(texel.x, 0, 0)).r - texture(volume, at - vec3(texel.x, 0, 0)).r,
    texture(volume, at + vec3(0, texel.y, 0)).r - texture(volume, at - vec3(0, texel.y, 0)).r,
    texture(volume, at + vec3(0, 0, texel.z)).r - texture(volume, at - vec3(0, 0, texel.z)).r) / (2.0 * texel);
  return transpose(toTexture) * found;
}

void main() {
  vec3 start = eye + place.x * across + place.y * up;
  vec3 way = mix(ahead, vec3(1e-9), lessThan(abs(ahead), vec3(1e-9)));
  vec3 a = (low - start) / way, b = (high - start) / way;
  vec3 near = min(a, b), far = max(a, b);
  float from = max(max(near.x, near.y), near.z), to = min(min(far.x, far.y), far.z);
  vec4 sum = vec4(0.0);
  float largest = -1.0;
  if (from < to) {
    float at = from + stride * 0.5;
    for (int step = 0; step < MOST; step += 1) {
      if (at >= to || sum.a > 0.985) break;
      vec3 here = start + at * ahead;
      float value = texture(volume, here).r;
      if (projection) largest = max(largest, value);
      else {
        vec4 colour = texture(transfer, vec2(value, 0.5));
        if (colour.a > 0.002) {
          vec3 slope = gradient(here);
          float steep = length(slope);
          float facing = steep > 1e-6 ? abs(dot(slope / steep, sight)) : 1.0;
          float light = 0.3 + 0.7 * facing + 0.18 * pow(facing, 24.0);
          float opaque = 1.0 - pow(1.0 - colour.a, stride);
          sum.rgb += (1.0 - sum.a) * opaque * min(colour.rgb * light, 1.0);
          sum.a += (1.0 - sum.a) * opaque;
        }
      }
      at += stride;
    }
  }
  if (projection) {
    float grey = largest < 0.0 ? 0.0 : clamp((largest - window.x) / max(window.y - window.x, 1e-6), 0.0, 1.0);
    shown = vec4(vec3(inverse && largest >= 0.0 ? 1.0 - grey : grey), 1.0);
  } else shown = vec4(sum.rgb, 1.0);
}`;
