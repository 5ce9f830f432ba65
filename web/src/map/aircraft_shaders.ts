// What runs on the graphics card for the aircraft, in GLSL ES 3.00. Each aircraft is one record (reckon.ts) that is sent
// when its report comes; between reports only `now` and the view change, as uniforms, and every place is reckoned
// here. reckoned() is the twin of Motions.at() and Fleet.place(): a browser test reads its results back and
// compares them. x wraps round the antimeridian because integers do; y is stored at half the scale so that it
// never does.
import { INK, CRAFT } from "../style/palette";
import { ATLAS_COLUMNS, ATLAS_ROWS } from "./glyphs";
import { BLEND_S, CAP_S } from "./reckon";
import { SHAPE_NAMES } from "./shapes";
import { COLOURS, STYLE } from "./symbols";

const DOT = SHAPE_NAMES.indexOf("dot");

function rgb(hex: string): string {
  return `vec3(${[1, 3, 5].map((at) => (Number.parseInt(hex.slice(at, at + 2), 16) / 255).toFixed(4)).join(", ")})`;
}

const bit = (name: keyof typeof STYLE): string => `((style >> ${STYLE[name]}) & 1u) == 1u`;

const RECORD = `
layout(location=0) in ivec2 place;
layout(location=1) in vec2 velocity;
layout(location=2) in float reportAt;
layout(location=3) in vec2 fix;
layout(location=4) in float fixAt;
layout(location=5) in float heading;
layout(location=6) in uint style;
uniform ivec2 centre;
uniform vec2 scale;      // CSS pixels to a unit of x and of y
uniform vec2 viewport;   // CSS pixels
uniform float now;
vec2 reckoned() {
  float dt = clamp(now - reportAt, 0.0, ${CAP_S.toFixed(1)});
  float left = clamp(1.0 - (now - fixAt) / ${BLEND_S.toFixed(1)}, 0.0, 1.0);
  float fade = left * left * (3.0 - 2.0 * left);
  vec2 way = vec2(place - centre) + velocity * dt + fix * fade;
  return way * scale + viewport * 0.5;
}
vec4 clip(vec2 p) { return vec4(p.x / viewport.x * 2.0 - 1.0, 1.0 - p.y / viewport.y * 2.0, 0.0, 1.0); }
const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);
const vec3 COLOURS[${COLOURS.length}] = vec3[](${COLOURS.map((name) => rgb(CRAFT[name])).join(", ")});
`;

/** One point sprite for each aircraft. Passes: 0 plain symbols, 1 important ones, 2 the frames round them. */
export const SPRITE_VS = `#version 300 es
precision highp float;
${RECORD}
uniform int pass;
uniform vec2 sizes;      // of plain and of important ones, CSS pixels
uniform float ratio;     // device pixels to a CSS pixel
uniform bool dots;
uniform float strength;
flat out vec2 cellAt;
flat out vec2 turned;    // cosine and sine
flat out vec4 colour;
void main() {
  bool important = ${bit("important")};
  uint frame = (style >> ${STYLE.frame}) & 127u;
  bool drawn = pass == 0 ? !important : pass == 1 ? important : frame > 0u;
  gl_PointSize = 1.0;
  if (${bit("hidden")} || !drawn) { gl_Position = NOWHERE; cellAt = vec2(0); turned = vec2(0); colour = vec4(0); return; }
  bool dot = dots && pass == 0;
  uint cell = pass == 2 ? frame - 1u : dot ? ${DOT}u : style & 127u;
  float size = important ? sizes.y : sizes.x;
  if (${bit("ground")}) size *= 0.75;
  if (pass == 2) size *= 1.25;
  float turn = pass == 2 || dot || ${bit("upright")} ? 0.0 : heading;
  turned = vec2(cos(turn), sin(turn));
  gl_Position = clip(reckoned());
  gl_PointSize = size * ratio;
  cellAt = vec2(float(cell % ${ATLAS_COLUMNS}u), float(cell / ${ATLAS_COLUMNS}u));
  float alpha = ${bit("stale")} ? 0.6 : ${bit("ground")} ? 0.5 : 1.0;
  colour = vec4(COLOURS[int((style >> ${STYLE.colour}) & 7u)], alpha * strength);
}`;

/** Turns the cell within the point; what would come from a neighbouring cell is left out. */
export const SPRITE_FS = `#version 300 es
precision highp float;
flat in vec2 cellAt;
flat in vec2 turned;
flat in vec4 colour;
uniform sampler2D glyphs;
out vec4 pixel;
void main() {
  vec2 from = gl_PointCoord - 0.5;
  vec2 at = vec2(turned.x * from.x + turned.y * from.y, turned.x * from.y - turned.y * from.x);
  vec2 cover = texture(glyphs, (cellAt + at + 0.5) / vec2(${ATLAS_COLUMNS}.0, ${ATLAS_ROWS}.0)).rg;
  if (max(abs(at.x), abs(at.y)) > 0.5) discard;
  float edge = cover.g * 0.85 * (1.0 - cover.r);
  vec3 mixed = colour.rgb * cover.r + vec3(0.02, 0.035, 0.05) * edge;
  pixel = vec4(mixed, cover.r + edge) * colour.a;
}`;

/** Where it will be in `ahead` seconds if it holds speed and track: two vertices an aircraft, each with the whole
    record. None for stale and standing ones. */
export const VECTOR_VS = `#version 300 es
precision highp float;
${RECORD}
uniform float ahead;
uniform float strength;
out vec4 colour;
void main() {
  if (${bit("hidden")} || ${bit("still")}) { gl_Position = NOWHERE; colour = vec4(0); return; }
  gl_Position = clip(reckoned() + velocity * scale * ahead * float(gl_VertexID & 1));
  uint tone = (style >> ${STYLE.colour}) & 7u;
  colour = vec4(tone == ${COLOURS.indexOf("broadcast")}u ? ${rgb(INK.text)} : COLOURS[int(tone)], 0.75 * strength);
}`;

export const VECTOR_FS = `#version 300 es
precision mediump float;
in vec4 colour;
out vec4 pixel;
void main() { pixel = vec4(colour.rgb * colour.a, colour.a); }`;

/** Writes places alone, to be read back and compared with the processor's. */
export const PROBE_VS = `#version 300 es
precision highp float;
${RECORD}
out vec2 screen;
void main() { screen = reckoned(); gl_Position = NOWHERE; }`;

export const PROBE_FS = `#version 300 es
precision mediump float;
out vec4 pixel;
void main() { pixel = vec4(0); }`;
