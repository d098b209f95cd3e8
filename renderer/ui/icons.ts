/** Icons: a 16 px grid, one 1.3 px line, round ends, drawn from the thing. `filled` parts take the ink, not the line. */

interface Shape {
  d: string;
  filled?: true;
  quiet?: true;
}

const line = (...paths: string[]): Shape[] => paths.map((d) => ({ d }));
const filled = (...paths: string[]): Shape[] => paths.map((d) => ({ d, filled: true }));
const circle = (x: number, y: number, r: number) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
const box = (x: number, y: number, w: number, h: number) => `M${x} ${y}h${w}v${h}h${-w}z`;

export const ICONS = {
  run: filled("M5 3.4v9.2a.5.5 0 0 0 .77.42l7-4.6a.5.5 0 0 0 0-.84l-7-4.6A.5.5 0 0 0 5 3.4z"),
  stop: filled("M5 4h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z"),
  single: [...filled("M3.5 4v8l6-4z"), ...line("M12 4v8")],
  record: filled(circle(8, 8, 4.4)),
  keep: line("M8 2.5v7M5.2 6.9 8 9.7l2.8-2.8M2.8 10.4v2.8h10.4v-2.8"),
  menu: line("M3 4.5h10M3 8h10M3 11.5h10"),
  down: line("M4.5 6.5 8 10l3.5-3.5"),
  right: line("M6.5 4.5 10 8l-3.5 3.5"),
  search: line(circle(7, 7, 4), "m10 10 3.2 3.2"),
  moon: line("M13 9.6A5.4 5.4 0 0 1 6.4 3 5.4 5.4 0 1 0 13 9.6z"),
  sun: line(
    circle(8, 8, 2.8),
    "M8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M12.4 3.6l-1 1M4.6 11.4l-1 1",
  ),
  settings: line(
    "M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6",
    circle(10.2, 4.5, 1.7),
    circle(5.8, 11.5, 1.7),
  ),
  help: [
    ...line(circle(8, 8, 5.6), "M6.4 6.3a1.65 1.65 0 1 1 2.4 1.5c-.55.3-.8.65-.8 1.2"),
    ...filled(circle(8, 11.1, 0.8)),
  ],
  check: line("m3.5 8.3 3 3 6-6.6"),
  plus: line("M8 4v8M4 8h8"),
  close: line("m4.5 4.5 7 7M11.5 4.5l-7 7"),
  more: filled(circle(4, 8, 1), circle(8, 8, 1), circle(12, 8, 1)),
  scope: line("M2 8h2.4l1.8-4.4 3 8.8L11.4 8H14"),
  rising: line("M2.5 12.5H7v-9h6.5"),
  falling: line("M2.5 3.5H7v9h6.5"),
  lock: line("M3.8 7h8.4v6H3.8z", "M5.6 7V5.3a2.4 2.4 0 0 1 4.8 0V7"),
  warning: [...line("M8 2.8 14 13H2z", "M8 6.7v3"), ...filled(circle(8, 11.3, 0.7))],
  error: [...line(circle(8, 8, 5.6), "M8 5v3.6"), ...filled(circle(8, 10.9, 0.8))],
  info: [...line(circle(8, 8, 5.6), "M8 7.6V11"), ...filled(circle(8, 5.2, 0.8))],
  pen: line("m3 13 .6-2.6 7-7 2 2-7 7z"),
  copy: line(box(5.5, 5.5, 7.5, 7.5), "M3 10.5V3.8A.8.8 0 0 1 3.8 3h6.7"),
  frozen: line("M5.5 3.5v9M10.5 3.5v9"),
  gap: line("M3 13 7 3M9 13l4-10"),
  split: line(box(2.5, 3, 11, 10), "M8 3v10"),
  link: line(
    "M6.6 9.4a2.3 2.3 0 0 0 3.3 0l2-2a2.3 2.3 0 0 0-3.3-3.3l-.7.7M9.4 6.6a2.3 2.3 0 0 0-3.3 0l-2 2a2.3 2.3 0 0 0 3.3 3.3l.7-.7",
  ),
  folder: line("M2.5 12.5v-9h4l1.5 1.7h5.5v7.3z"),
  clipped: [
    { d: "M2 4.5h12", quiet: true },
    ...line("M2 12c1.5 0 2-7.5 4-7.5h4c2 0 2.5 7.5 4 7.5"),
  ] as Shape[],
  disk: [...line(box(2.5, 3.5, 11, 9), "M2.5 9.5h11"), ...filled(circle(11, 11, 0.6))],
  fit: line("M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3"),
} satisfies Record<string, Shape[]>;

export type IconName = keyof typeof ICONS;
