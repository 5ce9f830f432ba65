// "What others see of me": for each of one's items and each recipient the level, the reason and the rule that
// decided it, now or at an earlier time. Asked of the exchange each time it is opened; it is not in the stream.
// From here one recipient's view is put on the map (seen/).
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ReleasedItem, SeenBy } from "../wire/types";
import { clock, day, parseTyped } from "../format/time";
import { itemName, trackName } from "../format/words";
import { Dialog } from "./dialog";
import { centreOn } from "../map/commands";
import { askSeen, lastRecipient, recipients, refusalWords, showAs } from "../seen/state";
import { nowMs, panel, picture, selection, token, zone } from "../state/store";

type Answer =
  | { state: "asking" }
  | { state: "refused"; message: string }
  | { state: "known"; rows: readonly SeenBy[]; atMs: number | null; askedMs: number };

const answer = signal<Answer>({ state: "asking" });
const typed = signal("");
const wrong = signal("");

async function load(atMs: number | null): Promise<void> {
  const bearer = token.peek();
  if (!bearer) return;
  answer.value = { state: "asking" };
  const query: Record<string, string> = atMs === null ? {} : { at: new Date(atMs).toISOString() };
  try {
    const rows = await askSeen(bearer, query);
    if (token.peek() !== bearer) return;
    if (atMs === null) recipients.value = [...new Set(rows.map((row) => row.recipient))].sort();
    answer.value = { state: "known", rows, atMs, askedMs: nowMs() ?? 0 };
  } catch (error) {
    answer.value = { state: "refused", message: refusalWords(error) };
  }
}

function submit(event: Event): void {
  event.preventDefault();
  wrong.value = "";
  if (!typed.value.trim()) return void load(null);
  const atMs = parseTyped(typed.value);
  if (atMs === null) {
    wrong.value = "A time like 2026-05-01 14:00 (UTC) or 2026-05-01T14:00:00+02:00.";
    return;
  }
  void load(atMs);
}

export function SeenByPanel() {
  useEffect(() => void load(null), []);
  return (
    <Dialog title="What others see of you" name="seen-panel">
      <form class="seen-form" onSubmit={submit}>
        <label for="seen-at">As it was at (UTC; empty: now)</label>
        <input
          id="seen-at"
          type="text"
          placeholder="2026-05-01 14:00"
          value={typed.value}
          aria-describedby="seen-wrong"
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
        />
        <button type="submit">Ask</button>
        <OnTheMap />
        <span id="seen-wrong" class="wrong" role="alert">{wrong.value}</span>
      </form>
      <Body />
    </Dialog>
  );
}

/** One recipient's view on the map, where anything is released to anybody now. */
function OnTheMap() {
  const all = recipients.value;
  if (all.length === 0) return null;
  const chosen = lastRecipient.value !== null && all.includes(lastRecipient.value) ? lastRecipient.value : all[0]!;
  return (
    <span class="seen-map">
      <label for="seen-recipient">On the map as</label>
      <select
        id="seen-recipient"
        value={chosen}
        onChange={(event) => {
          lastRecipient.value = event.currentTarget.value;
        }}
      >
        {all.map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
      <button
        type="button"
        onClick={() => {
          panel.value = "none";
          showAs(chosen);
        }}
      >
        Show
      </button>
    </span>
  );
}

function Body() {
  const got = answer.value;
  if (got.state === "asking") return <p class="empty" role="status">Asking the exchange…</p>;
  if (got.state === "refused") return <p class="note" role="alert">{got.message}</p>;
  const at = got.atMs ?? got.askedMs;
  return (
    <>
      <p class="meaning">
        As of {day(at, zone.value)} {clock(at, zone.value)}. What is not in this table is released to nobody.
      </p>
      {got.rows.length === 0 ? (
        <p class="empty">Nothing of yours is released to anybody.</p>
      ) : (
        <div class="table-scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Recipient</th>
                <th scope="col">Of yours</th>
                <th scope="col">Level</th>
                <th scope="col">Reason</th>
                <th scope="col">Rule</th>
              </tr>
            </thead>
            <tbody>{sorted(got.rows).map((row) => <SeenRow key={keyOf(row)} row={row} />)}</tbody>
          </table>
        </div>
      )}
    </>
  );
}

function sorted(rows: readonly SeenBy[]): readonly SeenBy[] {
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf(row: SeenBy): string {
  return `${row.recipient} ${row.kind} ${row.ref ?? ""}`;
}

/** A rule's id cut to what tells it apart; the whole is in its title. */
function brief(rule: string): string {
  return /^[0-9a-f]{8}-/.test(rule) ? rule.slice(0, 8) : rule;
}

const KIND: Readonly<Record<string, string>> = {
  own_track: "all your own tracks",
  sensed_track: "all tracks you sense",
};

/** A row about one track is a raise: it lasts as long as what made it. */
function ofYours(row: SeenBy): string {
  if (!row.ref) return KIND[row.kind] ?? row.kind;
  if (!row.kind.includes("track")) return `${row.kind} ${row.ref.slice(0, 8)}`;
  const track = picture.value.tracks.get(row.ref);
  return `${track ? trackName(track) : row.ref}, raised`;
}

function SeenRow({ row }: { row: SeenBy }) {
  const { ref } = row;
  const mine: ReleasedItem | undefined = ref ? picture.value.items.get(ref) : undefined;
  return (
    <tr>
      <td class="recipient">{row.recipient}</td>
      <td>
        {mine && ref ? (
          <button
            type="button"
            class="link"
            onClick={() => {
              panel.value = "none";
              selection.value = { kind: "item", id: ref };
              centreOn(selection.value);
            }}
          >
            {itemName(mine)}
          </button>
        ) : (
          ofYours(row)
        )}
      </td>
      <td><span class={`level level-${row.level}`}>{row.level}</span></td>
      <td>{row.reason}</td>
      <td>{row.rule ? <code title={row.rule}>{brief(row.rule)}</code> : "none"}</td>
    </tr>
  );
}
