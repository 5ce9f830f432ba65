// Messages of the socket as whole frames: a text that says "binary" waits for the packed positions that follow it, and
// the two are one frame, so that no picture is ever shown that has the words of one moment and the places of
// another. What comes out of turn is an error.
import { BadFrame, decodeFrame, decodePacked, type Frame } from "./frames";

type Waiting = Extract<Frame, { type: "snapshot" | "tick" }>;

export class Pairing {
  private waiting: Waiting | null = null;

  /** The frame that this message completes; null where its other half is still to come. */
  take(message: unknown): Frame | null {
    const { waiting } = this;
    this.waiting = null;
    if (message instanceof ArrayBuffer) {
      if (!waiting) throw new BadFrame("packed positions came without their words");
      return { ...waiting, packed: decodePacked(message) };
    }
    if (waiting) throw new BadFrame("packed positions were announced and did not come");
    const frame = decodeFrame(String(message));
    if ((frame.type === "snapshot" || frame.type === "tick") && frame.awaitsPacked) {
      this.waiting = frame;
      return null;
    }
    return frame;
  }
}
