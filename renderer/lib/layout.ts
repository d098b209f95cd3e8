/** The window's layout as a plain value, and how it is read back from text that may be old or broken. */
import type { DeviceId } from "../../shared/device.js";
import type { StreamId } from "../../shared/stream.js";
import { parseRecordOptions, type RecordOptions } from "./record-options.js";

/** One tab: a view of one stream. */
export interface ViewTab {
  id: string;
  kind: "scope";
  stream: StreamId;
}

/** Tabs that share a place; one of them is seen. */
export interface ViewGroup {
  id: string;
  tabs: ViewTab[];
  active: string;
}

export interface WindowLayout {
  /** Set by hand; null follows the window's size. */
  explorerWidth: number | null;
  inspectorWidth: number | null;
  explorerOpen: boolean;
  inspectorOpen: boolean;
  /** Sections of the inspector and their open state, where the user changed it. */
  sections: Record<string, boolean>;
  advanced: boolean;
  /** Rows of the tree and their expanded state, where the user changed it. */
  expanded: Record<string, boolean>;
  selected: { device: DeviceId; channel: string | null } | null;
  /** Rows of groups, from the top. */
  rows: ViewGroup[][];
  focusedView: string;
  record: RecordOptions;
  /** Streams whose scope trigger the user took off. */
  untriggered: Record<StreamId, boolean>;
  /** What each kind of view keeps for itself, by view and stream; what was kept last comes last. */
  viewState: Record<string, unknown>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);
/** How far the panels can be dragged, in CSS pixels. */
export const PANEL_WIDTHS = {
  explorer: { least: 160, most: 520 },
  inspector: { least: 240, most: 640 },
};
const width = (value: unknown, { least, most }: { least: number; most: number }): number | null =>
  typeof value === "number" && value >= least && value <= most ? Math.round(value) : null;

function booleans(value: unknown): Record<string, boolean> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, boolean] => typeof entry[1] === "boolean",
    ),
  );
}

function tab(value: unknown): ViewTab[] {
  if (!isObject(value) || value["kind"] !== "scope") return [];
  const { id, stream } = value;
  return typeof id === "string" && typeof stream === "string"
    ? [{ id, kind: "scope", stream }]
    : [];
}

function group(value: unknown): ViewGroup[] {
  if (!isObject(value) || typeof value["id"] !== "string" || !Array.isArray(value["tabs"]))
    return [];
  const tabs = value["tabs"].flatMap(tab);
  const first = tabs[0];
  if (!first) return [];
  const active = tabs.some(({ id }) => id === value["active"]) ? String(value["active"]) : first.id;
  return [{ id: value["id"], tabs, active }];
}

function selection(value: unknown): WindowLayout["selected"] {
  if (!isObject(value) || typeof value["device"] !== "string") return null;
  const channel = value["channel"];
  return { device: value["device"], channel: typeof channel === "string" ? channel : null };
}

/** Never throws: what cannot be read falls back to its default. */
export function parseLayout(text: string): WindowLayout {
  let raw: unknown = null;
  try {
    raw = JSON.parse(text || "null");
  } catch {
    raw = null;
  }
  const known = isObject(raw) ? raw : {};
  const rows = Array.isArray(known["rows"]) ? known["rows"] : [];
  return {
    explorerWidth: width(known["explorerWidth"], PANEL_WIDTHS.explorer),
    inspectorWidth: width(known["inspectorWidth"], PANEL_WIDTHS.inspector),
    explorerOpen: known["explorerOpen"] !== false,
    inspectorOpen: known["inspectorOpen"] !== false,
    sections: booleans(known["sections"]),
    advanced: known["advanced"] === true,
    expanded: booleans(known["expanded"]),
    selected: selection(known["selected"]),
    rows: rows
      .map((row: unknown) => (Array.isArray(row) ? row.flatMap(group) : []))
      .filter((row) => row.length > 0),
    focusedView: typeof known["focusedView"] === "string" ? known["focusedView"] : "",
    record: parseRecordOptions(known["record"]),
    untriggered: booleans(known["untriggered"]),
    viewState: isObject(known["viewState"]) ? known["viewState"] : {},
  };
}

/** Key of what a view keeps for a stream. */
export function stateKey(view: string, stream: StreamId): string {
  return `${view} ${stream}`;
}

/**
 * The layout as text of at most `limit` characters. Streams come and go (each opened recording is one), and what views
 * kept for them would pile up: where it gets too long, what is not shown goes first, and of that the oldest.
 */
export function layoutText(layout: WindowLayout, limit: number): string {
  const text = JSON.stringify(layout);
  if (text.length <= limit) return text;
  const shown = new Set(
    layout.rows.flat().flatMap(({ tabs }) => tabs.map(({ id, stream }) => stateKey(id, stream))),
  );
  const states = Object.entries(layout.viewState);
  const inOrder = [
    ...states.filter(([key]) => !shown.has(key)),
    ...states.filter(([key]) => shown.has(key)),
  ];
  let over = text.length - limit;
  let dropped = 0;
  for (; over > 0 && dropped < inOrder.length; dropped++) {
    over -= JSON.stringify(Object.fromEntries([inOrder[dropped]!])).length - 1;
  }
  const kept = new Set(inOrder.slice(dropped).map(([key]) => key));
  const viewState = Object.fromEntries(states.filter(([key]) => kept.has(key)));
  const less = JSON.stringify({ ...layout, viewState });
  // Rows of devices that were once there.
  return less.length <= limit ? less : JSON.stringify({ ...layout, viewState, expanded: {} });
}
