// Two short tones for a new warning. Off until a person switches it on: browsers give sound only after a press, and
// a desk with five screens wants it from one. Made by the browser's own oscillator; nothing is loaded.
import { signal } from "@preact/signals";

export const sound = signal(false);

const TONES_HZ = [880, 660] as const;
const TONE_S = 0.16;
const PEAK = 0.25;

let context: AudioContext | null = null;

/** Switching on plays the tones once, so that a muted screen is found out now and not at the first warning. */
export function toggleSound(): void {
  sound.value = !sound.peek();
  if (sound.peek()) beep();
}

export function beep(): void {
  if (!sound.peek()) return;
  context ??= new AudioContext();
  void context.resume();
  TONES_HZ.forEach((hz, i) => {
    if (!context) return;
    const start = context.currentTime + i * TONE_S * 1.2;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = hz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(PEAK, start + 0.02);
    gain.gain.linearRampToValueAtTime(0, start + TONE_S);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + TONE_S);
  });
}
