/** The design tokens for what is drawn on a canvas: resolved colours that follow the theme. */
import { computed, type ComputedRef } from "vue";
import { useSettings } from "../stores/settings.js";

const NAMES = [
  "n-plot",
  "n-app",
  "n-panel",
  "n-field",
  "n-raised",
  "n-hover",
  "n-press",
  "n-line",
  "n-line-soft",
  "n-edge",
  "n-off",
  "n-3",
  "n-2",
  "n-1",
  "grid",
  "grid-major",
  "axis",
  "accent",
  "accent-soft",
  "accent-line",
  "running",
  "recording",
  "error",
  "warning",
  "gap",
  "gap-soft",
  "clipped",
  "font-ui",
  "font-mono",
] as const;
type TokenName = (typeof NAMES)[number];

export interface Tokens extends Record<TokenName, string> {
  /** `traces[1]` … `traces[8]`; 0 is unused. */
  traces: string[];
  /** Canvas dash patterns of the same slots. */
  dashes: number[][];
}

export function readTokens(): Tokens {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const slots = Array.from({ length: 9 }, (_, slot) => slot);
  return {
    ...(Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Record<TokenName, string>),
    traces: slots.map((slot) => (slot === 0 ? "" : read(`trace-${slot}`))),
    dashes: slots.map((slot) =>
      slot === 0 ? [] : read(`dash-${slot}`).split(" ").filter(Boolean).map(Number),
    ),
  };
}

/** Read anew when the theme changes. */
export function useTokens(): ComputedRef<Tokens> {
  const settings = useSettings();
  return computed(() => {
    void settings.theme;
    return readTokens();
  });
}
