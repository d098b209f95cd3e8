/**
 * What a scope view is set to, as a plain value, and the pure functions that change it. Spans are in scans: they hold for
 * a stream of any rate, a recording, and a clock that is not known.
 */

export type Sweep = "auto" | "normal" | "roll";

/** A picture that stands still. `zeroScan` is t = 0, and whether the scope trigger stands there. */
export interface FrozenSpan {
  fromScan: number;
  toScan: number;
  zeroScan: number;
  atTrigger: boolean;
}

/** What is kept of a picture that stands still while its view is not seen. */
export interface Standing {
  span: FrozenSpan;
  /** It is of this run of the stream. */
  run: number | undefined;
  /** All there is of a recording, if it was seen. */
  whole: Extent | null;
}

/** Height per division and place of one trace's zero, in divisions from the middle. */
export interface Lane {
  perDiv: number;
  zero: number;
}

export interface ScopeState {
  sweep: Sweep;
  /** Width of a live picture, in scans. */
  spanScans: number;
  /** Where the trigger stands in it, 0 (left) … 1 (right). */
  position: number;
  frozen: FrozenSpan | null;
  physical: boolean;
  dots: boolean;
  /** By trace key; physical and raw apart. */
  lanes: Record<string, Lane>;
  /** The set of traces whose lanes stand beside each other, by their keys; another set is arranged anew. */
  arranged: string;
}

export const DIVISIONS_X = 10;
export const DIVISIONS_Y = 8;
/** Fewer scans than this do not make a picture. */
const LEAST_SPAN = 4;

export function initialState(rateHz: number | null): ScopeState {
  return {
    sweep: rateHz !== null && rateHz < 2000 ? "roll" : "auto",
    spanScans: initialSpan(rateHz),
    position: 0.2,
    frozen: null,
    physical: true,
    dots: true,
    lanes: {},
    arranged: "",
  };
}

/** 1 ms of a fast stream, 10 s of a slow one: something to see at the first look. */
function initialSpan(rateHz: number | null): number {
  if (rateHz === null) return 1000;
  return rateHz < 2000 ? rateHz * 10 : Math.max(200, rateHz * 1e-3);
}

/** Limits of what can be shown: the span of all there is, in scans. */
export interface Extent {
  fromScan: number;
  toScan: number;
}

function clampSpan(span: number, extent: Extent): number {
  const most = Math.max(LEAST_SPAN, extent.toScan - extent.fromScan);
  return Math.min(Math.max(span, LEAST_SPAN), most);
}

/**
 * Zooms time by `factor` (> 1: wider) about `at`, 0 … 1 across the picture. What is under the pointer stays there, but
 * for a rolling picture, whose right edge is now.
 */
export function zoom(state: ScopeState, factor: number, at: number, extent: Extent): ScopeState {
  if (state.frozen) return { ...state, frozen: zoomFrozen(state.frozen, factor, at, extent) };
  const most = state.sweep === "roll" ? Infinity : Math.max(extent.toScan - extent.fromScan, 1e6);
  const spanScans = Math.min(Math.max(state.spanScans * factor, LEAST_SPAN), most);
  if (state.sweep === "roll") return { ...state, spanScans };
  const ratio = state.spanScans / spanScans;
  const position = Math.min(1, Math.max(0, at + (state.position - at) * ratio));
  return { ...state, spanScans, position };
}

function zoomFrozen(span: FrozenSpan, factor: number, at: number, extent: Extent): FrozenSpan {
  const width = span.toScan - span.fromScan;
  const next = clampSpan(width * factor, extent);
  const fixed = span.fromScan + at * width;
  return place({ ...span, fromScan: fixed - at * next, toScan: fixed + (1 - at) * next }, extent);
}

/** Moves a frozen picture by a part of its width (positive: later). */
export function pan(state: ScopeState, part: number, extent: Extent): ScopeState {
  if (!state.frozen) return state;
  const shift = part * (state.frozen.toScan - state.frozen.fromScan);
  const moved = {
    ...state.frozen,
    fromScan: state.frozen.fromScan + shift,
    toScan: state.frozen.toScan + shift,
  };
  return { ...state, frozen: place(moved, extent) };
}

/** Centres a frozen picture on a scan. */
export function centre(state: ScopeState, scan: number, extent: Extent): ScopeState {
  if (!state.frozen) return state;
  const half = (state.frozen.toScan - state.frozen.fromScan) / 2;
  const moved = { ...state.frozen, fromScan: scan - half, toScan: scan + half };
  return { ...state, frozen: place(moved, extent) };
}

/** Shifts a span back inside the extent, keeping its width where that fits. */
function place(span: FrozenSpan, extent: Extent): FrozenSpan {
  const width = span.toScan - span.fromScan;
  const from = Math.max(extent.fromScan, Math.min(span.fromScan, extent.toScan - width));
  return { ...span, fromScan: from, toScan: from + width };
}

export function freeze(state: ScopeState, span: FrozenSpan): ScopeState {
  return { ...state, frozen: span };
}

/** Follows again. A stream goes back to its live span; what was zoomed frozen does not change it. */
export function follow(state: ScopeState): ScopeState {
  return { ...state, frozen: null };
}

/** The views before this one, newest last; bounded. */
export class ViewHistory {
  private past: ScopeState[] = [];
  private pushedAt = -Infinity;

  /** Remembers a state before it changes; a run of changes within `gapMs` (a turning wheel) counts as one. */
  push(state: ScopeState, nowMs: number, gapMs = 600): void {
    if (nowMs - this.pushedAt > gapMs) this.past = [...this.past.slice(-49), state];
    this.pushedAt = nowMs;
  }

  pop(): ScopeState | undefined {
    this.pushedAt = -Infinity;
    return this.past.pop();
  }

  /** Of a new run: what stood still belongs to the one before. */
  thaw(): void {
    this.past = this.past.map(follow);
  }

  get depth(): number {
    return this.past.length;
  }
}

/** Reads what was kept from the last session; what does not fit falls back. */
export function restoreState(kept: unknown, rateHz: number | null): ScopeState {
  const first = initialState(rateHz);
  if (kept === null || typeof kept !== "object") return first;
  const old = kept as Partial<ScopeState>;
  const number = (value: unknown, least: number, most: number, fallback: number) =>
    typeof value === "number" && value >= least && value <= most ? value : fallback;
  const sweeps: Sweep[] = ["auto", "normal", "roll"];
  return {
    sweep: sweeps.includes(old.sweep as Sweep) ? (old.sweep as Sweep) : first.sweep,
    spanScans: number(old.spanScans, LEAST_SPAN, 1e12, first.spanScans),
    position: number(old.position, 0, 1, first.position),
    frozen: null,
    physical: old.physical !== false,
    dots: old.dots !== false,
    lanes: restoreLanes(old.lanes),
    arranged: typeof old.arranged === "string" ? old.arranged : "",
  };
}

function restoreLanes(kept: unknown): Record<string, Lane> {
  if (kept === null || typeof kept !== "object") return {};
  return Object.fromEntries(
    Object.entries(kept as Record<string, Lane>).filter(
      ([, lane]) => lane?.perDiv > 0 && Number.isFinite(lane.perDiv) && Number.isFinite(lane.zero),
    ),
  );
}
