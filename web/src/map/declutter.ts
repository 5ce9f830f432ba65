// Where data blocks go: greedy, by priority, each at the first of its places that is free. A block keeps the
// place it had while that stays free, so that blocks do not flicker from side to side. What finds no place is left
// out; the symbol itself is always drawn. Pure; CSS pixels.

export interface Wanted {
  readonly key: string;
  /** The anchor: the aircraft or the volume's middle. */
  readonly px: number;
  readonly py: number;
  readonly width: number;
  readonly height: number;
  /** Lower is placed first. */
  readonly rank: number;
  /** Centred on the anchor (volumes), or beside it with a leader (aircraft). */
  readonly centred: boolean;
  /** Drawn wherever it is, over others if it must be: emergencies and the selected one. */
  readonly always: boolean;
  /** A shorter form of another block: placed only where that one found no room. Ranked after it. */
  readonly shortOf?: string;
}

export interface Placed {
  readonly key: string;
  /** The block's top left corner relative to the anchor. */
  readonly dx: number;
  readonly dy: number;
  readonly side: number;
}

const GAP_PX = 13;
const CELL_PX = 64;

/** Right above, right below, left above, left below; then the four directions. */
function corner(side: number, width: number, height: number): readonly [number, number] {
  switch (side) {
    case 0: return [GAP_PX, -GAP_PX - height * 0.6];
    case 1: return [GAP_PX, GAP_PX - height * 0.4];
    case 2: return [-GAP_PX - width, -GAP_PX - height * 0.6];
    case 3: return [-GAP_PX - width, GAP_PX - height * 0.4];
    case 4: return [-width / 2, -GAP_PX - height];
    default: return [-width / 2, GAP_PX];
  }
}
const SIDES = 6;

interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Rectangles by coarse cells, for overlap questions. */
class Taken {
  private readonly cells = new Map<number, Rect[]>();

  private *keys(rect: Rect): Generator<number> {
    for (let x = Math.floor(rect.left / CELL_PX); x <= Math.floor(rect.right / CELL_PX); x++) {
      for (let y = Math.floor(rect.top / CELL_PX); y <= Math.floor(rect.bottom / CELL_PX); y++) {
        yield x * 4096 + y;
      }
    }
  }

  free(rect: Rect): boolean {
    for (const key of this.keys(rect)) {
      for (const other of this.cells.get(key) ?? []) {
        if (
          rect.left < other.right &&
          other.left < rect.right &&
          rect.top < other.bottom &&
          other.top < rect.bottom
        ) {
          return false;
        }
      }
    }
    return true;
  }

  add(rect: Rect): void {
    for (const key of this.keys(rect)) {
      const list = this.cells.get(key);
      if (list) list.push(rect);
      else this.cells.set(key, [rect]);
    }
  }
}

function rectAt(wanted: Wanted, dx: number, dy: number): Rect {
  const left = wanted.px + dx;
  const top = wanted.py + dy;
  return { left, top, right: left + wanted.width, bottom: top + wanted.height };
}

/** `before`: sides of the last placement by key. `symbols`: anchors that no aircraft's block may cover; a volume's
    label may lie over them, or in dense traffic no volume would have its name. */
export function place(
  wanted: readonly Wanted[],
  before: ReadonlyMap<string, number>,
  symbols: readonly { readonly px: number; readonly py: number }[] = [],
): Placed[] {
  const taken = new Taken();
  const marks = new Taken();
  for (const { px, py } of symbols) marks.add({ left: px - 5, top: py - 5, right: px + 5, bottom: py + 5 });
  const placed: Placed[] = [];
  const done = new Set<string>();
  for (const one of [...wanted].sort((a, b) => a.rank - b.rank)) {
    if (one.shortOf !== undefined && done.has(one.shortOf)) continue;
    const found = one.centred ? centred(one, taken) : beside(one, taken, marks, before.get(one.key));
    if (!found) continue;
    taken.add(rectAt(one, found.dx, found.dy));
    placed.push(found);
    done.add(one.key);
  }
  return placed;
}

/** In the middle, above, below, then to the right and left: as parts of the label's own size. */
const CENTRED_SHIFTS = [[0, 0], [0, -1], [0, 1], [0.4, 0], [-0.4, 0], [0.4, 1], [-0.4, -1], [0, 2], [0, -2]] as const;

function centred(one: Wanted, taken: Taken): Placed | null {
  const across = -one.width / 2;
  const middle = -one.height / 2;
  for (const [x, y] of CENTRED_SHIFTS) {
    const dx = across + x * one.width;
    const dy = middle + y * one.height;
    if (taken.free(rectAt(one, dx, dy))) return { key: one.key, dx, dy, side: 0 };
  }
  return one.always ? { key: one.key, dx: across, dy: middle, side: 0 } : null;
}

function beside(one: Wanted, taken: Taken, marks: Taken, last: number | undefined): Placed | null {
  const order = [...Array(SIDES).keys()];
  if (last !== undefined) order.unshift(last);
  for (const side of order) {
    const [dx, dy] = corner(side, one.width, one.height);
    const rect = rectAt(one, dx, dy);
    if (taken.free(rect) && marks.free(rect)) return { key: one.key, dx, dy, side };
  }
  if (!one.always) return null;
  const [dx, dy] = corner(last ?? 0, one.width, one.height);
  return { key: one.key, dx, dy, side: last ?? 0 };
}
