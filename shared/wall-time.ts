/** Moments by the clock on the wall: how they are typed, shown and checked. */

export type ParsedMoment = { ok: true; atMs: number } | { ok: false; message: string };

const TIME = "(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?";
const OF_DAY = new RegExp(`^${TIME}$`);
const OF_DATE = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})[T ]${TIME} ?(Z|[+-]\\d{2}:?\\d{2})?$`, "i");

/**
 * Milliseconds since 1970 from `2026-11-21T12:00:00Z`, with a zone (`Z`, `+01:00`) or without (local time), or from
 * `HH:MM[:SS]`: the next one after `afterMs`, local time.
 */
export function parseMoment(text: string, afterMs: number): ParsedMoment {
  const typed = text.trim();
  const ofDay = OF_DAY.exec(typed);
  if (ofDay) return nextOfDay(typed, clockOf(ofDay.slice(1)), afterMs);
  const dated = OF_DATE.exec(typed);
  if (!dated) {
    return refuse(
      `"${typed}" is no time. Write it as 18:30, 18:30:15, 2026-11-21 18:30 or 2026-11-21T18:30:00Z.`,
    );
  }
  const [year, month, day] = dated.slice(1, 4).map(Number) as [number, number, number];
  const clock = clockOf(dated.slice(4, 8));
  if (!clock || !isDay(year, month, day)) return refuse(`There is no ${typed}.`);
  const zone = dated[8];
  if (zone === undefined) return local(typed, [year, month, day], clock);
  const offset = zoneMinutes(zone);
  if (offset === null) return refuse(`There is no zone ${zone}. Write it as Z or +01:00.`);
  const atMs = Date.UTC(year, month - 1, day, clock.hour, clock.minute, clock.second, clock.ms);
  return { ok: true, atMs: atMs - offset * 60_000 };
}

/** Why a recording can't begin and end so; null if it can. `startMs` null: at once; `untilMs` null: open. */
export function momentFault(
  startMs: number | null,
  untilMs: number | null,
  nowMs: number,
): { field: "startAtMs" | "untilMs"; message: string } | null {
  if (startMs !== null && startMs <= nowMs) {
    const message = `${formatMoment(startMs)} is past. Give a later time to start at.`;
    return { field: "startAtMs", message };
  }
  if (untilMs === null || untilMs > Math.max(nowMs, startMs ?? nowMs)) return null;
  const message =
    startMs === null
      ? `${formatMoment(untilMs)} is past. Give a later time to end at.`
      : `It would end at ${formatMoment(untilMs)}, and start at ${formatMoment(startMs)}. Give an end after the start.`;
  return { field: "untilMs", message };
}

/** Local time: `2026-11-21 18:30:00`, with milliseconds where there are any. */
export function formatMoment(atMs: number): string {
  const at = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const ms = at.getMilliseconds();
  return `${date} ${time}${ms === 0 ? "" : `.${String(ms).padStart(3, "0")}`}`;
}

interface Clock {
  hour: number;
  minute: number;
  second: number;
  ms: number;
}

function clockOf([hour, minute, second = "0", fraction = "0"]: (
  string | undefined
)[]): Clock | null {
  const clock = {
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    ms: Math.floor(Number(`0.${fraction}`) * 1000),
  };
  return clock.hour < 24 && clock.minute < 60 && clock.second < 60 ? clock : null;
}

function nextOfDay(typed: string, clock: Clock | null, afterMs: number): ParsedMoment {
  if (!clock) return refuse(`There is no ${typed}.`);
  const after = new Date(afterMs);
  const day = (more: number) =>
    local(typed, [after.getFullYear(), after.getMonth() + 1, after.getDate() + more], clock);
  const today = day(0);
  return today.ok && today.atMs > afterMs ? today : day(1);
}

function local(typed: string, [y, m, d]: [number, number, number], clock: Clock): ParsedMoment {
  const { hour, minute, second, ms } = clock;
  const at = new Date(y, m - 1, d, hour, minute, second, ms);
  if (at.getHours() !== hour || at.getMinutes() !== minute) {
    return refuse(`There is no ${typed} on that day: the clocks go forward over it.`);
  }
  return { ok: true, atMs: at.getTime() };
}

function isDay(year: number, month: number, day: number): boolean {
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
}

function zoneMinutes(zone: string): number | null {
  if (/^z$/i.test(zone)) return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 14 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

function refuse(message: string): ParsedMoment {
  return { ok: false, message };
}
