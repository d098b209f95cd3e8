/** What the fake devices measure: each channel's physical value as a function of time, always the same. */

/** −1 … 1, by scan index: noise that is the same in every frame. */
function noise(n: number, seed: number): number {
  let a = (Math.imul(n | 0, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) | 0;
  a = Math.imul(a ^ (a >>> 15), 1 | a);
  a = (a + Math.imul(a ^ (a >>> 7), 61 | a)) ^ a;
  const b = Math.imul(a ^ (a >>> 13), 0x5bd1e995);
  return ((a >>> 0) + (b >>> 0)) / 4294967296 - 1;
}

const TAU = 2 * Math.PI;
const edge = (x: number, tr: number) => 1 / (1 + Math.exp(-x / tr));
const ring = (x: number, f: number, tau: number) =>
  x < 0 ? 0 : Math.exp(-x / tau) * Math.sin(TAU * f * x);
const wrap = (t: number, period: number) => ((t % period) + period) % period;

type Signal = (t: number, n: number) => number;

/** A buck converter at 8 kHz: gate, switch node (which clips at times), coil current, output ripple. */
function buck(channel: number): Signal {
  const T = 125e-6;
  const D = 0.5;
  return (t, n) => {
    const y = wrap(t, T);
    const on = edge(y, 1e-6) * (1 - edge(y - D * T, 1e-6)) + edge(y - T, 1e-6);
    if (channel === 0) return 12 * on + 0.9 * ring(y - 1e-6, 92e3, 7e-6) + 0.1 * noise(n, 1);
    if (channel === 1) {
      const big = Math.floor(t / T) % 3 === 0 ? 18 : 9;
      return Math.min(48 * on + big * ring(y - 1.5e-6, 71e3, 11e-6) + 0.3 * noise(n, 2), 58);
    }
    const ramp = y < D * T ? -1 + (2 * y) / (D * T) : 1 - (2 * (y - D * T)) / ((1 - D) * T);
    if (channel === 2) return 1.6 * ramp + 0.22 * ring(y, 71e3, 8e-6) + 0.05 * noise(n, 3);
    return (
      0.019 * Math.sin(TAU * (y / T - 0.25)) + 0.012 * ring(y, 84e3, 4e-6) + 0.003 * noise(n, 4)
    );
  };
}

/** A pulsed chirp at baseband, 20 µs in every 50 µs. */
function chirp(part: "i" | "q"): Signal {
  return (t, n) => {
    const y = wrap(t, 50e-6);
    const rise = (x: number) => (x <= 0 ? 0 : 1 - Math.exp(-2.9e6 * x) * Math.cos(4.8e6 * x));
    const envelope = 0.366 * (rise(y) - rise(y - 20e-6));
    const phase = TAU * (-1.5e6 * y + 0.5 * 1.5e11 * y * y) + 1.1;
    return (
      envelope * (part === "i" ? Math.cos(phase) : Math.sin(phase)) +
      0.008 * noise(n, part === "i" ? 5 : 6)
    );
  };
}

/** Blows on a bench, every few seconds. */
function blows(axis: number): Signal {
  const rest = [0.12, -0.31, 9.787][axis]!;
  const size = [0.5, 0.32, 0.7][axis]!;
  return (t, n) => {
    let value = rest + (axis === 2 ? 0 : 0.06 * Math.sin(TAU * 0.23 * t));
    for (const [at, strength] of [
      [0.8, 1],
      [5.4, 0.7],
      [9.9, 1.25],
      [14.6, 0.55],
    ] as const) {
      const d = wrap(t, 20) - at;
      if (d > 0) value += size * strength * Math.exp(-d / 0.5) * Math.sin(TAU * (4.2 + axis) * d);
    }
    return value + 0.02 * noise(n, 7 + axis);
  };
}

function wave(kind: string, frequency: number, amplitude: number, noisy: number): Signal {
  return (t, n) => {
    const phase = wrap(t * frequency, 1);
    const hiss = noisy * noise(n, 11 + kind.length);
    if (kind === "square") return (phase < 0.5 ? amplitude : -amplitude) + hiss;
    if (kind === "triangle") return amplitude * (4 * Math.abs(phase - 0.5) - 1) + hiss;
    if (kind === "sweep") {
      const x = wrap(t, 0.02);
      return amplitude * Math.sin(TAU * (100 * x + 0.5 * 2e6 * x * x)) + hiss;
    }
    if (kind === "noise") return amplitude * noise(n, 13);
    if (kind === "pulses") return (phase < 0.1 ? amplitude : 0) + hiss;
    return amplitude * Math.sin(TAU * phase) + hiss;
  };
}

/** The value of a channel in its display unit at time t (seconds) and scan n. `attribute` reads the simulator's settings. */
export function signalOf(
  device: string,
  channel: string,
  attribute: (channel: string, name: string) => string,
): Signal {
  const number = Number(/\d+/.exec(channel)?.[0] ?? 0);
  if (device === "ad7768-4") return buck(number);
  if (device === "cf-ad9361-lpc") return chirp(number % 2 ? "q" : "i");
  if (channel.startsWith("accel")) return blows("xyz".indexOf(channel.slice(-1)));
  if (device === "transceiver") return chirp(channel.endsWith("q") ? "q" : "i");
  if (channel === "temp") return (t) => 31.6 + 0.2 * Math.sin(t / 60);
  return wave(
    attribute(channel, "waveform") || "sine",
    Number(attribute(channel, "frequency") || 10_000),
    Number(attribute(channel, "amplitude") || 0.8),
    Number(attribute(channel, "noise") || 0.005),
  );
}
