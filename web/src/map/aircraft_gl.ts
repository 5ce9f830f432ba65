// Draws the aircraft symbols and their speed vectors with WebGL 2 on a canvas of its own above the map: instanced
// squares from one texture, places computed on the CPU each frame (fleet.ts), so no precision is lost at any
// zoom and one piece of arithmetic serves symbols, labels and clicks. 10,000 aircraft are 240 kB a frame.
// Survives a lost context. Coordinates are CSS pixels from the top left.
import { ATLAS_COLUMNS, ATLAS_ROWS, atlas, CELL_PX } from "./glyphs";

export interface Sprite {
  px: number;
  py: number;
  /** Clockwise from north. */
  angle_rad: number;
  column: number;
  hollow: boolean;
  size_px: number;
  /** 0xRRGGBB and 0 to 1. */
  colour: number;
  alpha: number;
}

const SPRITE_VS = `#version 300 es
layout(location=0) in vec2 corner;
layout(location=1) in vec4 place;   // x, y, angle, size in CSS pixels
layout(location=2) in float cell;
layout(location=3) in vec4 tint;
uniform vec2 viewport;
out vec2 uv;
out vec4 colour;
void main() {
  float c = cos(place.z), s = sin(place.z);
  vec2 p = place.xy + mat2(c, s, -s, c) * corner * place.w;
  gl_Position = vec4(p.x / viewport.x * 2.0 - 1.0, 1.0 - p.y / viewport.y * 2.0, 0.0, 1.0);
  float column = mod(cell, ${ATLAS_COLUMNS}.0);
  float row = floor(cell / ${ATLAS_COLUMNS}.0);
  uv = (vec2(column, row) + corner + 0.5) / vec2(${ATLAS_COLUMNS}.0, ${ATLAS_ROWS}.0);
  colour = tint;
}`;

const SPRITE_FS = `#version 300 es
precision mediump float;
in vec2 uv;
in vec4 colour;
uniform sampler2D glyphs;
out vec4 pixel;
void main() {
  vec2 cover = texture(glyphs, uv).rg;
  float edge = cover.g * 0.85 * (1.0 - cover.r);
  vec3 mixed = colour.rgb * cover.r + vec3(0.02, 0.035, 0.05) * edge;
  pixel = vec4(mixed, cover.r + edge) * colour.a;
}`;

const LINE_VS = `#version 300 es
layout(location=0) in vec2 place;
layout(location=1) in vec4 tint;
uniform vec2 viewport;
out vec4 colour;
void main() {
  gl_Position = vec4(place.x / viewport.x * 2.0 - 1.0, 1.0 - place.y / viewport.y * 2.0, 0.0, 1.0);
  colour = tint;
}`;

const LINE_FS = `#version 300 es
precision mediump float;
in vec4 colour;
out vec4 pixel;
void main() { pixel = vec4(colour.rgb * colour.a, colour.a); }`;

const SPRITE_BYTES = 24;
const LINE_BYTES = 12;

/** A growing buffer written as floats with a packed colour at the end of each record. */
class Records {
  private bytes: ArrayBuffer = new ArrayBuffer(0);
  floats = new Float32Array(0);
  words = new Uint32Array(0);
  count = 0;

  constructor(private readonly stride: number) {}

  reserve(count: number): void {
    if (count * this.stride <= this.bytes.byteLength) return;
    const grown = new ArrayBuffer(Math.ceil(count * 1.5) * this.stride);
    new Uint8Array(grown).set(new Uint8Array(this.bytes));
    this.bytes = grown;
    this.floats = new Float32Array(grown);
    this.words = new Uint32Array(grown);
  }

  used(): Uint8Array {
    return new Uint8Array(this.bytes, 0, this.count * this.stride);
  }
}

/** Little-endian RGBA bytes: every machine that runs a browser is. */
function packed(colour: number, alpha: number): number {
  const red = (colour >> 16) & 255;
  const blue = colour & 255;
  return ((Math.round(alpha * 255) << 24) | (blue << 16) | (colour & 0xff00) | red) >>> 0;
}

export class AircraftCanvas {
  private readonly gl: WebGL2RenderingContext;
  private readonly sprites = new Records(SPRITE_BYTES);
  private readonly lines = new Records(LINE_BYTES);
  private parts: Parts | null = null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, premultipliedAlpha: true });
    if (!gl) throw new Error("this browser offers no WebGL 2, which the map needs");
    this.gl = gl;
    this.parts = build(gl);
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.parts = null;
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.parts = build(gl);
    });
  }

  begin(expected: number): void {
    this.sprites.count = this.lines.count = 0;
    this.sprites.reserve(expected * 2);
    this.lines.reserve(expected * 2);
  }

  sprite(sprite: Sprite): void {
    const { sprites } = this;
    sprites.reserve(sprites.count + 1);
    const at = sprites.count++ * (SPRITE_BYTES / 4);
    sprites.floats[at] = sprite.px;
    sprites.floats[at + 1] = sprite.py;
    sprites.floats[at + 2] = sprite.angle_rad;
    sprites.floats[at + 3] = sprite.size_px;
    sprites.floats[at + 4] = sprite.column + (sprite.hollow ? ATLAS_COLUMNS : 0);
    sprites.words[at + 5] = packed(sprite.colour, sprite.alpha);
  }

  line(x1: number, y1: number, x2: number, y2: number, colour: number, alpha: number): void {
    const { lines } = this;
    lines.reserve(lines.count + 2);
    for (const [x, y] of [[x1, y1], [x2, y2]] as const) {
      const at = lines.count++ * (LINE_BYTES / 4);
      lines.floats[at] = x;
      lines.floats[at + 1] = y;
      lines.words[at + 2] = packed(colour, alpha);
    }
  }

  end(width: number, height: number): void {
    const { gl, parts } = this;
    if (!parts) return;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(parts.line.program);
    gl.uniform2f(parts.line.viewport, width, height);
    gl.bindVertexArray(parts.line.array);
    upload(gl, parts.line.buffer, this.lines);
    if (this.lines.count > 0) gl.drawArrays(gl.LINES, 0, this.lines.count);
    gl.useProgram(parts.sprite.program);
    gl.uniform2f(parts.sprite.viewport, width, height);
    gl.bindVertexArray(parts.sprite.array);
    upload(gl, parts.sprite.buffer, this.sprites);
    if (this.sprites.count > 0) gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.sprites.count);
    gl.bindVertexArray(null);
  }
}

interface Part {
  program: WebGLProgram;
  viewport: WebGLUniformLocation | null;
  array: WebGLVertexArrayObject;
  buffer: WebGLBuffer;
}

interface Parts {
  sprite: Part;
  line: Part;
}

function upload(gl: WebGL2RenderingContext, buffer: WebGLBuffer, records: Records): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, records.used(), gl.STREAM_DRAW);
}

function build(gl: WebGL2RenderingContext): Parts {
  const sprite = part(gl, SPRITE_VS, SPRITE_FS);
  gl.bindVertexArray(sprite.array);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5]), gl.STATIC_DRAW);
  attribute(gl, 0, 2, gl.FLOAT, 8, 0, 0);
  gl.bindBuffer(gl.ARRAY_BUFFER, sprite.buffer);
  attribute(gl, 1, 4, gl.FLOAT, SPRITE_BYTES, 0, 1);
  attribute(gl, 2, 1, gl.FLOAT, SPRITE_BYTES, 16, 1);
  attribute(gl, 3, 4, gl.UNSIGNED_BYTE, SPRITE_BYTES, 20, 1);
  const line = part(gl, LINE_VS, LINE_FS);
  gl.bindVertexArray(line.array);
  gl.bindBuffer(gl.ARRAY_BUFFER, line.buffer);
  attribute(gl, 0, 2, gl.FLOAT, LINE_BYTES, 0, 0);
  attribute(gl, 1, 4, gl.UNSIGNED_BYTE, LINE_BYTES, 8, 0);
  gl.bindVertexArray(null);
  texture(gl);
  return { sprite, line };
}

function attribute(
  gl: WebGL2RenderingContext,
  index: number,
  size: number,
  type: number,
  stride: number,
  offset: number,
  divisor: number,
): void {
  gl.enableVertexAttribArray(index);
  gl.vertexAttribPointer(index, size, type, type === gl.UNSIGNED_BYTE, stride, offset);
  gl.vertexAttribDivisor(index, divisor);
}

function part(gl: WebGL2RenderingContext, vertex: string, fragment: string): Part {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("the graphics context is lost");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`the aircraft shader does not link: ${gl.getProgramInfoLog(program) ?? ""}`);
  }
  return {
    program,
    viewport: gl.getUniformLocation(program, "viewport"),
    array: gl.createVertexArray(),
    buffer: gl.createBuffer(),
  };
}

function texture(gl: WebGL2RenderingContext): void {
  const { width, height, pixels } = atlas();
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  gl.generateMipmap(gl.TEXTURE_2D);
}

/** A glyph's extent against its cell: size_px of the cell, about two thirds of it drawn. */
export const GLYPH_SHARE = 42 / CELL_PX;
