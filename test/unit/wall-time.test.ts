/** Moments as they are typed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatMoment, momentFault, parseMoment } from "../../shared/wall-time.js";

const zone = process.env["TZ"];
beforeAll(() => {
  process.env["TZ"] = "Europe/Berlin";
});
afterAll(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

const NOW = Date.UTC(2026, 10, 21, 11, 30);
const parsed = (text: string) => {
  const moment = parseMoment(text, NOW);
  if (!moment.ok) throw new Error(moment.message);
  return new Date(moment.atMs).toISOString();
};
const refused = (text: string) => {
  const moment = parseMoment(text, NOW);
  return moment.ok ? "" : moment.message;
};

describe("a moment", () => {
  it("with a zone is of that zone", () => {
    expect(parsed("2026-11-21T18:30:00Z")).toBe("2026-11-21T18:30:00.000Z");
    expect(parsed("2026-11-21 18:30:00.25+05:30")).toBe("2026-11-21T13:00:00.250Z");
    expect(parsed("2026-11-21T18:30-0800")).toBe("2026-11-22T02:30:00.000Z");
  });

  it("without a zone is local time", () => {
    expect(parsed("2026-11-21 18:30")).toBe("2026-11-21T17:30:00.000Z");
    expect(parsed("2026-07-01T18:30:05")).toBe("2026-07-01T16:30:05.000Z");
  });

  it("of a day is the next one to come", () => {
    expect(parsed("12:31")).toBe("2026-11-21T11:31:00.000Z");
    expect(parsed("12:30")).toBe("2026-11-22T11:30:00.000Z");
    expect(parsed("0:00:01")).toBe("2026-11-21T23:00:01.000Z");
  });

  it("that does not exist is refused", () => {
    for (const text of ["", "noon", "12", "1:2", "24:00", "12:60", "2026-02-30 12:00"]) {
      expect(refused(text)).not.toBe("");
    }
    expect(refused("2026-11-21")).toContain("is no time");
    expect(refused("2026-03-29 02:30")).toContain("clocks go forward");
    expect(refused("2026-11-21T18:30+25:00")).toContain("no zone");
  });

  it("is shown in local time, as it can be typed", () => {
    expect(formatMoment(NOW)).toBe("2026-11-21 12:30:00");
    expect(formatMoment(NOW + 7)).toBe("2026-11-21 12:30:00.007");
    expect(parsed(formatMoment(NOW + 7))).toBe("2026-11-21T11:30:00.007Z");
  });
});

describe("start and end", () => {
  it("lie ahead, the end behind the start", () => {
    expect(momentFault(null, null, NOW)).toBeNull();
    expect(momentFault(NOW + 1, NOW + 2, NOW)).toBeNull();
    expect(momentFault(NOW, null, NOW)).toMatchObject({ field: "startAtMs" });
    expect(momentFault(null, NOW, NOW)).toMatchObject({ field: "untilMs" });
    expect(momentFault(NOW + 2, NOW + 2, NOW)?.message).toContain("an end after the start");
  });
});
