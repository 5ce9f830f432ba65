// Draws the aircraft symbols and their speed vectors with WebGL 2 on a canvas of its own above the map. The records go to
// the graphics card when the fleet changes, once a tick; a frame between sets uniforms and draws, so that its cost
// on the main thread does not grow with the number of aircraft. Survives a lost context.
import { worldPixels } from "../geometry/mercator";
import { PROBE_FS, PROBE_VS, SPRITE_FS, SPRITE_VS, VECTOR_FS, VECTOR_VS } from "./aircraft_shaders";
import type { Fleet, View } from "./fleet";
import { atlas } from "./glyphs";
import { AT, RECORD_WORDS, WORLD, WORLD_Y } from "./reckon";
import type { Sizes } from "./symbols";

const RECORD_BYTES = RECORD_WORDS * 4;

export interface Look {
  readonly sizes: Sizes;
  readonly vectorMinutes: number;
  /** Below 1 the aircraft are not what is looked at: look-ahead. */
  readonly strength: number;
}

export class AircraftCanvas {
  private readonly gl: WebGL2RenderingContext;
  private parts: Parts | null = null;
  private sent = -1;
  private held = 0;
  /** Times that records were sent: tests see that frames between ticks send none. */
  uploads = 0;

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
      this.sent = -1;
      this.held = 0;
    });
  }

  /** False where nothing could be drawn yet: the driver is still compiling, or the context is lost. */
  draw(fleet: Fleet, view: View, nowMs: number, look: Look): boolean {
    const { gl, parts } = this;
    if (!parts || ![parts.sprite, parts.vector].every((one) => ready(gl, one))) return false;
    this.send(fleet, parts);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (fleet.limit === 0) return true;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindVertexArray(parts.array);
    if (look.vectorMinutes > 0) {
      const vector = use(gl, parts.vector, fleet, view, nowMs);
      gl.uniform1f(vector("ahead"), look.vectorMinutes * 60);
      gl.uniform1f(vector("strength"), look.strength);
      gl.drawArraysInstanced(gl.LINES, 0, 2, fleet.limit);
    }
    const sprite = use(gl, parts.sprite, fleet, view, nowMs);
    gl.uniform2f(sprite("sizes"), look.sizes.plain, look.sizes.important);
    gl.uniform1i(sprite("dots"), look.sizes.dots ? 1 : 0);
    gl.uniform1f(sprite("strength"), look.strength);
    for (const pass of [0, 1, 2]) {
      gl.uniform1i(sprite("pass"), pass);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, fleet.limit);
    }
    gl.bindVertexArray(null);
    return true;
  }

  private send(fleet: Fleet, parts: Parts): void {
    if (fleet.changes === this.sent) return;
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, parts.records);
    if (this.held < fleet.motions.capacity) {
      this.held = fleet.motions.capacity;
      gl.bufferData(gl.ARRAY_BUFFER, this.held * RECORD_BYTES, gl.DYNAMIC_DRAW);
    }
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, new Uint8Array(fleet.motions.bytes, 0, fleet.limit * RECORD_BYTES));
    this.sent = fleet.changes;
    this.uploads++;
  }

  /** How many pixels of the canvas are not empty. Right after a draw: what was drawn is gone once it is shown. */
  inked(): number {
    const { gl, canvas } = this;
    const bytes = new Uint8Array(canvas.width * canvas.height * 4);
    gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    let count = 0;
    for (let i = 3; i < bytes.length; i += 4) if (bytes[i]! > 0) count++;
    return count;
  }

  /** The shader's own screen places of all slots, read back. Slow: for tests. */
  probe(fleet: Fleet, view: View, nowMs: number): Float32Array {
    const { gl, parts } = this;
    const places = new Float32Array(fleet.limit * 2);
    if (!parts || fleet.limit === 0) return places;
    this.send(fleet, parts);
    const probe = program(gl, PROBE_VS, PROBE_FS, ["screen"]);
    const array = recordArray(gl, parts.records, 0);
    const out = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, out);
    gl.bufferData(gl.ARRAY_BUFFER, places.byteLength, gl.STREAM_READ);
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
    use(gl, probe, fleet, view, nowMs);
    gl.bindVertexArray(array);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, out);
    gl.enable(gl.RASTERIZER_DISCARD);
    gl.beginTransformFeedback(gl.POINTS);
    gl.drawArrays(gl.POINTS, 0, fleet.limit);
    gl.endTransformFeedback();
    gl.disable(gl.RASTERIZER_DISCARD);
    gl.getBufferSubData(gl.TRANSFORM_FEEDBACK_BUFFER, 0, places);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, null);
    gl.bindVertexArray(null);
    gl.deleteVertexArray(array);
    gl.deleteBuffer(out);
    gl.deleteProgram(probe.program);
    return places;
  }
}

interface Program {
  readonly program: WebGLProgram;
  linked: boolean;
  readonly uniforms: Map<string, WebGLUniformLocation | null>;
}

interface Parts {
  readonly sprite: Program;
  readonly vector: Program;
  readonly records: WebGLBuffer;
  readonly array: WebGLVertexArrayObject;
}

/** Makes a program current with the view's uniforms, and gives what finds its others. */
function use(
  gl: WebGL2RenderingContext,
  { program, uniforms }: Program,
  fleet: Fleet,
  view: View,
  nowMs: number,
): (name: string) => WebGLUniformLocation | null {
  const find = (name: string): WebGLUniformLocation | null => {
    let at = uniforms.get(name);
    if (at === undefined) uniforms.set(name, (at = gl.getUniformLocation(program, name)));
    return at;
  };
  const world = worldPixels(view.zoom);
  gl.useProgram(program);
  gl.uniform2i(find("centre"), Math.round(view.cx * WORLD) | 0, Math.round((view.cy - 0.5) * WORLD_Y));
  gl.uniform2f(find("scale"), world / WORLD, world / WORLD_Y);
  gl.uniform2f(find("viewport"), view.width, view.height);
  gl.uniform1f(find("now"), (nowMs - fleet.motions.baseMs) / 1000);
  return find;
}

function build(gl: WebGL2RenderingContext): Parts {
  const records = gl.createBuffer();
  const array = recordArray(gl, records, 1);
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5]), gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 8, 0);
  gl.bindVertexArray(null);
  texture(gl);
  return { sprite: program(gl, SPRITE_VS, SPRITE_FS), vector: program(gl, VECTOR_VS, VECTOR_FS), records, array };
}

/** The record's values as attributes 1 to 7; `divisor` 1: one record for each instance, 0: for each vertex. */
function recordArray(gl: WebGL2RenderingContext, records: WebGLBuffer, divisor: number): WebGLVertexArrayObject {
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, records);
  const parts: [size: number, type: number, word: number][] = [
    [2, gl.INT, AT.x],
    [2, gl.FLOAT, AT.vx],
    [1, gl.FLOAT, AT.reportAt],
    [2, gl.FLOAT, AT.fixX],
    [1, gl.FLOAT, AT.fixAt],
    [1, gl.FLOAT, AT.heading],
    [1, gl.UNSIGNED_INT, AT.style],
  ];
  parts.forEach(([size, type, word], i) => {
    gl.enableVertexAttribArray(i + 1);
    if (type === gl.FLOAT) gl.vertexAttribPointer(i + 1, size, type, false, RECORD_BYTES, word * 4);
    else gl.vertexAttribIPointer(i + 1, size, type, RECORD_BYTES, word * 4);
    gl.vertexAttribDivisor(i + 1, divisor);
  });
  gl.bindVertexArray(null);
  return array;
}

function program(gl: WebGL2RenderingContext, vertex: string, fragment: string, feedback: string[] = []): Program {
  const made = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("the graphics context is lost");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  if (feedback.length > 0) gl.transformFeedbackVaryings(made, feedback, gl.INTERLEAVED_ATTRIBS);
  gl.linkProgram(made);
  return { program: made, linked: false, uniforms: new Map() };
}

/** Asks only when the answer is there: the first question for a status waits for the compiler, a second or more where
    there is no graphics card. Without the extension it has to wait. */
function ready(gl: WebGL2RenderingContext, one: Program): boolean {
  if (one.linked) return true;
  const parallel = gl.getExtension("KHR_parallel_shader_compile");
  if (parallel && !gl.getProgramParameter(one.program, parallel.COMPLETION_STATUS_KHR)) return false;
  if (!gl.getProgramParameter(one.program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const shaders = (gl.getAttachedShaders(one.program) ?? []).map((shader) => gl.getShaderInfoLog(shader) ?? "");
    throw new Error(`the aircraft shader does not link: ${gl.getProgramInfoLog(one.program) ?? ""} ${shaders.join(" ")}`);
  }
  one.linked = true;
  return true;
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
