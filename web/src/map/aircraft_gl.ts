// Draws the aircraft symbols and their speed vectors with WebGL 2 on a canvas of its own above the map. The records go to
// the graphics card when the fleet changes, once a tick; a frame between sets uniforms and draws, so that its cost
// on the main thread does not grow with the number of aircraft. Symbols are point sprites and not instances:
// where there is no graphics card every instance is a draw of its own. Survives a lost context.
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
    });
  }

  /** False where nothing could be drawn yet: the driver is still compiling, or the context is lost. */
  draw(fleet: Fleet, view: View, nowMs: number, look: Look): boolean {
    const { gl, parts } = this;
    if (!parts || ![parts.sprite, parts.vector].every((one) => ready(gl, one))) return false;
    this.send(fleet, parts, look.vectorMinutes > 0);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (fleet.limit === 0) return true;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (look.vectorMinutes > 0) {
      gl.bindVertexArray(parts.pairs.array);
      const vector = use(gl, parts.vector, fleet, view, nowMs);
      gl.uniform1f(vector("ahead"), look.vectorMinutes * 60);
      gl.uniform1f(vector("strength"), look.strength);
      gl.drawArrays(gl.LINES, 0, fleet.limit * 2);
    }
    gl.bindVertexArray(parts.records.array);
    const sprite = use(gl, parts.sprite, fleet, view, nowMs);
    gl.uniform2f(sprite("sizes"), look.sizes.plain, look.sizes.important);
    gl.uniform1f(sprite("ratio"), this.canvas.width / Math.max(1, view.width));
    gl.uniform1i(sprite("dots"), look.sizes.dots ? 1 : 0);
    gl.uniform1f(sprite("strength"), look.strength);
    for (const pass of [0, 1, 2]) {
      gl.uniform1i(sprite("pass"), pass);
      gl.drawArrays(gl.POINTS, 0, fleet.limit);
    }
    gl.bindVertexArray(null);
    return true;
  }

  /** Sends the records where they have changed; each twice for the vectors, where these are drawn. */
  private send(fleet: Fleet, parts: Parts, vectors: boolean): void {
    const { gl } = this;
    const { words } = fleet.motions;
    if (fleet.changes !== parts.records.sent) {
      fill(gl, parts.records, words.subarray(0, fleet.limit * RECORD_WORDS), fleet.changes);
      this.uploads++;
    }
    if (vectors && fleet.changes !== parts.pairs.sent) {
      const twice = new Uint32Array(fleet.limit * 2 * RECORD_WORDS);
      for (let slot = 0; slot < fleet.limit; slot++) {
        const record = words.subarray(slot * RECORD_WORDS, (slot + 1) * RECORD_WORDS);
        twice.set(record, 2 * slot * RECORD_WORDS);
        twice.set(record, (2 * slot + 1) * RECORD_WORDS);
      }
      fill(gl, parts.pairs, twice, fleet.changes);
    }
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
    this.send(fleet, parts, false);
    const probe = program(gl, PROBE_VS, PROBE_FS, ["screen"]);
    const out = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, out);
    gl.bufferData(gl.ARRAY_BUFFER, places.byteLength, gl.STREAM_READ);
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
    use(gl, probe, fleet, view, nowMs);
    gl.bindVertexArray(parts.records.array);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, out);
    gl.enable(gl.RASTERIZER_DISCARD);
    gl.beginTransformFeedback(gl.POINTS);
    gl.drawArrays(gl.POINTS, 0, fleet.limit);
    gl.endTransformFeedback();
    gl.disable(gl.RASTERIZER_DISCARD);
    gl.getBufferSubData(gl.TRANSFORM_FEEDBACK_BUFFER, 0, places);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, null);
    gl.bindVertexArray(null);
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
  readonly records: Records;
  /** Each record twice. */
  readonly pairs: Records;
}

/** A buffer of records on the graphics card, and which state of the fleet it holds. */
interface Records {
  readonly buffer: WebGLBuffer;
  readonly array: WebGLVertexArrayObject;
  held: number;
  sent: number;
}

function fill(gl: WebGL2RenderingContext, into: Records, words: Uint32Array, changes: number): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, into.buffer);
  if (into.held < words.length) {
    into.held = Math.ceil(words.length * 1.5);
    gl.bufferData(gl.ARRAY_BUFFER, into.held * 4, gl.DYNAMIC_DRAW);
  }
  gl.bufferSubData(gl.ARRAY_BUFFER, 0, words);
  into.sent = changes;
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
  texture(gl);
  return {
    sprite: program(gl, SPRITE_VS, SPRITE_FS),
    vector: program(gl, VECTOR_VS, VECTOR_FS),
    records: recordArray(gl),
    pairs: recordArray(gl),
  };
}

/** The record's values as attributes 0 to 6. */
function recordArray(gl: WebGL2RenderingContext): Records {
  const buffer = gl.createBuffer();
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
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
    gl.enableVertexAttribArray(i);
    if (type === gl.FLOAT) gl.vertexAttribPointer(i, size, type, false, RECORD_BYTES, word * 4);
    else gl.vertexAttribIPointer(i, size, type, RECORD_BYTES, word * 4);
  });
  gl.bindVertexArray(null);
  return { buffer, array, held: 0, sent: -1 };
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
