import { readFileSync, readdirSync, writeFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { portPair } from "../../electron/cli/in-process-port.js";
import { trackDisposables } from "../../electron/host/disposable.js";
import { EventOutbox } from "../../electron/host/event-outbox.js";
import { writeAtomically } from "../../electron/host/json-file.js";
import { Session, type Handlers } from "../../electron/host/session.js";
import { mergeProgress } from "../../electron/host/streams/progress.js";
import type { Envelope, EventName, Events } from "../../shared/messages.js";
import { EVENT_WINDOW } from "../../shared/port.js";
import type { HeaderBatch } from "../../shared/stream.js";
import { ADC, makeBench, refusal, type Bench } from "./fake/host.js";

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

function batch(from: number, count: number, more: Partial<HeaderBatch> = {}): HeaderBatch {
  const numbers = Array.from({ length: count }, (_, n) => from + n);
  return {
    stream: "s",
    run: 1,
    sequence: numbers,
    firstScan: numbers.map((n) => n * 10),
    scanCount: numbers.map(() => 10),
    bytes: numbers.map(() => 40),
    timeNs: BigInt64Array.from(numbers.map(BigInt)),
    coalesced: { blocks: 0, scans: 0, bytes: 0, gaps: 0, failures: 0 },
    gaps: [],
    failures: [],
    blockStates: new Uint8Array(4),
    ...more,
  };
}
const progress = (headers: HeaderBatch): Events["stream.progress"] =>
  ({ stream: "s", counters: {}, headers }) as unknown as Events["stream.progress"];

describe("the event outbox", () => {
  const open = () => {
    const sent: { name: EventName; data: unknown }[] = [];
    return { sent, outbox: new EventOutbox((name, data) => sent.push({ name, data })) };
  };
  const label = (text: string) => ({ device: { label: text } }) as unknown as Events["device"];

  it("sends a window of events, then keeps the newest state of each thing until there is room", () => {
    const { sent, outbox } = open();
    for (let n = 0; n < EVENT_WINDOW + 100; n++) outbox.offer("device", "device:a", label(`${n}`));
    expect(sent).toHaveLength(EVENT_WINDOW);
    outbox.acknowledge(EVENT_WINDOW);
    expect(sent).toHaveLength(EVENT_WINDOW + 1);
    expect(sent.at(-1)?.data).toEqual(label(String(EVENT_WINDOW + 99)));
  });

  it("tells of a device's removal instead of what it was before", () => {
    const { sent, outbox } = open();
    for (let n = 0; n < EVENT_WINDOW; n++) outbox.offer("settings", "x", {} as Events["settings"]);
    outbox.offer("device", "device:a", label("a"));
    outbox.offer("device.removed", "device:a", { device: "a" });
    outbox.acknowledge(EVENT_WINDOW);
    expect(sent.at(-1)).toEqual({ name: "device.removed", data: { device: "a" } });
    expect(sent).toHaveLength(EVENT_WINDOW + 1);
  });

  it("sends progress only after the one before was taken in, merged", () => {
    const { sent, outbox } = open();
    outbox.offer("stream.progress", "p", progress(batch(0, 2)));
    outbox.offer("stream.progress", "p", progress(batch(2, 3)));
    outbox.offer("stream.progress", "p", progress(batch(5, 1)));
    expect(sent).toHaveLength(1);
    outbox.acknowledge(1);
    expect(sent).toHaveLength(2);
    const { headers } = sent[1]!.data as Events["stream.progress"];
    expect(headers.sequence).toEqual([2, 3, 4, 5]);
  });

  it("bounds the notices kept for a session that takes nothing, and ignores wrong acknowledgements", () => {
    const { sent, outbox } = open();
    const notice = (title: string) => ({ title }) as Events["notice"];
    for (let n = 0; n < EVENT_WINDOW + 500; n++) outbox.offer("notice", "", notice(`${n}`));
    outbox.acknowledge(1e9);
    outbox.acknowledge(-1);
    expect(sent).toHaveLength(EVENT_WINDOW);
    outbox.acknowledge(EVENT_WINDOW);
    expect(sent.length).toBeLessThanOrEqual(EVENT_WINDOW + 32);
    expect(sent.at(-1)?.data).toEqual(notice(String(EVENT_WINDOW + 499)));
  });

  it("drops what is better dropped than kept", () => {
    const { outbox } = open();
    let taken = 0;
    for (let n = 0; n < EVENT_WINDOW * 2; n++) {
      if (outbox.offerNow("blocks", {} as Events["blocks"])) taken++;
    }
    expect(taken).toBe(EVENT_WINDOW);
  });
});

describe("merging progress", () => {
  it("keeps 256 headers and all gaps, the rest as totals", () => {
    const gap = { scan: 1 } as HeaderBatch["gaps"][number];
    const merged = mergeProgress(
      progress(
        batch(0, 200, {
          gaps: [gap],
          coalesced: { blocks: 1, scans: 10, bytes: 40, gaps: 5, failures: 6 },
        }),
      ),
      progress(batch(200, 100, { gaps: [gap] })),
    ).headers;
    expect(merged.sequence).toHaveLength(256);
    expect(merged.sequence[0]).toBe(44);
    expect(merged.timeNs[0]).toBe(44n);
    expect(merged.coalesced).toEqual({
      blocks: 45,
      scans: 450,
      bytes: 45 * 40,
      gaps: 5,
      failures: 6,
    });
    expect(merged.gaps).toHaveLength(2);
  });

  it("keeps the newest 4,096 gaps and failures, and counts the others", () => {
    const gaps = (from: number) =>
      Array.from({ length: 3000 }, (_, n) => ({ scan: from + n })) as HeaderBatch["gaps"];
    const failures = gaps(0).map(({ scan }) => ({ sequence: scan, message: "" }));
    const merged = mergeProgress(
      progress(batch(0, 1, { gaps: gaps(0), failures })),
      progress(batch(1, 1, { gaps: gaps(3000), failures })),
    ).headers;
    expect(merged.gaps).toHaveLength(4096);
    expect(merged.gaps[0]?.scan).toBe(6000 - 4096);
    expect(merged.failures).toHaveLength(4096);
    expect(merged.coalesced).toMatchObject({ gaps: 6000 - 4096, failures: 6000 - 4096 });
  });

  it("forgets a run that is over", () => {
    const merged = mergeProgress(progress(batch(0, 5)), progress(batch(0, 1, { run: 2 })));
    expect(merged.headers.sequence).toEqual([0]);
  });
});

describe("a session", () => {
  it("answers at most 256 requests at a time and refuses the rest, however many come", async () => {
    const [mine, its] = portPair();
    const answers: Envelope[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const handlers = { "settings.get": () => held } as unknown as Handlers;
    new Session(1, its, handlers, () => {});
    mine.onMessage((message) => answers.push(message as Envelope));
    for (let id = 1; id <= 300; id++) {
      mine.post({ kind: "request", id, name: "settings.get", params: {} });
    }
    await expect.poll(() => answers.length).toBe(44);
    for (const answer of answers) {
      expect(answer).toMatchObject({ kind: "error", error: { code: "TOO_MANY" } });
    }
    release();
    await expect.poll(() => answers.length).toBe(300);
    mine.close();
  });

  it("goes on after garbage and names the field of wrong parameters", async () => {
    bench = await makeBench();
    const [mine, its] = portPair();
    bench.host.connect(its);
    const answers: Envelope[] = [];
    mine.onMessage((message) => answers.push(message as Envelope));
    const garbage: unknown[] = [
      null,
      undefined,
      7,
      "text",
      [],
      {},
      { kind: "ack", events: "many" },
      { kind: "ack", events: Number.MAX_SAFE_INTEGER },
      { kind: "request" },
      { kind: "request", id: "1", name: "hello", params: {} },
      { kind: "request", id: 1, name: "__proto__", params: {} },
      { kind: "request", id: 2, name: 17, params: {} },
      { kind: "request", id: 3, name: "view.frame", params: { stream: ADC, columns: 4 } },
      { kind: "request", id: 4, name: "settings.set", params: { theme: "pink" } },
      { kind: "request", id: 5, name: "settings.get", params: { more: 1 } },
      { kind: "reply", id: 1, result: null },
    ];
    for (const message of garbage) mine.post(message);
    mine.post({ kind: "request", id: 99, name: "settings.get", params: {} });
    await expect.poll(() => answers.some((a) => "id" in a && a.id === 99)).toBe(true);
    const errors = answers.filter((answer) => answer.kind === "error");
    expect(errors.map((answer) => answer.id)).toEqual([1, 2, 3, 4, 5]);
    for (const { error } of errors) expect(error.code).toBe("BAD_REQUEST");
    expect(errors[3]?.error.field).toBe("theme");
    mine.close();
  });

  it("tells nothing before hello, and everything after", async () => {
    bench = await makeBench();
    const [mine, its] = portPair();
    bench.host.connect(its);
    let events = 0;
    mine.onMessage((message) => {
      if ((message as Envelope).kind === "event") events++;
    });
    await bench.client.request("settings.set", { theme: "light" });
    expect(events).toBe(0);
    mine.close();
  });

  it("sends no more than a window of events to one that never acknowledges", async () => {
    bench = await makeBench();
    const [mine, its] = portPair();
    bench.host.connect(its);
    let events = 0;
    let progress = 0;
    mine.onMessage((message) => {
      const envelope = message as Envelope;
      if (envelope.kind === "event") events++;
      if (envelope.kind === "event" && envelope.name === "stream.progress") progress++;
    });
    mine.post({ kind: "request", id: 1, name: "hello", params: { protocol: 1 } });
    await bench.client.request("stream.start", { stream: ADC });
    for (let n = 0; n < 100; n++) {
      const label = { device: "sim:adc", channel: "voltage0", label: `label ${n}` };
      await bench.client.request("device.label", label);
    }
    await bench.next("stream.progress", ({ counters }) => counters.blocks > 10);
    expect(events).toBe(EVENT_WINDOW);
    expect(progress).toBeLessThanOrEqual(1);
    mine.close();
  });

  it("ends when its port refuses a message", () => {
    let ended = 0;
    let receive: (message: unknown) => void = () => {};
    const port = {
      post: () => {
        throw new Error("gone");
      },
      onMessage: (listener: typeof receive) => (receive = listener),
      onClose: () => {},
      close: () => {},
    };
    new Session(1, port, {} as Handlers, () => ended++);
    receive({ kind: "request", id: 1, name: "no.such", params: {} });
    return expect.poll(() => ended).toBe(1);
  });
});

describe("settings", () => {
  it("are kept over a restart, and told to every window", async () => {
    bench = await makeBench();
    const other = await bench.connect();
    const told = bench.next("settings", undefined, other);
    await bench.client.request("settings.set", { theme: "light", recordings: { hash: false } });
    expect((await told).settings.theme).toBe("light");
    const file = join(bench.folder, "config", "settings.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      theme: "light",
      recordings: { hash: false, folder: "~/Recordings" },
    });
  });

  it("keep a damaged file aside and say so", async () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-config-"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "settings.json"), '{"theme": "dark"');
    bench = await makeBench({ configDir: folder });
    expect(bench.hello.settings.theme).toBe("dark");
    expect(readdirSync(folder).some((file) => file.startsWith("settings.json.damaged-"))).toBe(
      true,
    );
    rmSync(folder, { recursive: true });
  });

  it("leave nothing beside them of what could not be written", async () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-config-"));
    mkdirSync(join(folder, "taken"));
    await expect(writeAtomically(join(folder, "taken"), "text")).rejects.toThrow("EISDIR");
    expect(readdirSync(folder)).toEqual(["taken"]);
    rmSync(folder, { recursive: true });
  });

  it("tell the first window of what was wrong before it came", async () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-config-"));
    writeFileSync(join(folder, "devices.json"), '{"a": 7}');
    const { createHost } = await import("../../electron/host/host.js");
    const { createFakeAddon } = await import("./fake/addon.js");
    const { StudioClient } = await import("../../shared/client.js");
    const host = await createHost({
      version: "test",
      shell: "cli",
      configDir: folder,
      recordingsFolder: join(folder, "rec"),
      local: null,
      addon: createFakeAddon(),
    });
    const [mine, its] = portPair();
    host.connect(its);
    const client = new StudioClient(mine);
    const notice = new Promise<Events["notice"]>((resolve) => client.on("notice", resolve));
    await client.request("hello", { protocol: 1 });
    expect((await notice).error.message).toContain("was kept as");
    client.close();
    await host.close();
    rmSync(folder, { recursive: true });
  });

  it("refuse a name pattern that would leave the folder or knows other fields", async () => {
    bench = await makeBench();
    for (const namePattern of ["../{device}", "{devise}", ".{time}", "{date"]) {
      const set = bench.client.request("settings.set", { recordings: { namePattern } });
      expect(await refusal(set)).toMatchObject({ field: "recordings.namePattern" });
    }
  });

  it("switch the simulator off and on, with its streams", async () => {
    bench = await makeBench();
    const gone = bench.next("device.removed", ({ device }) => device === "sim:adc");
    await bench.client.request("settings.set", { simulator: false });
    await gone;
    expect(await refusal(bench.client.request("stream.get", { stream: ADC }))).toMatchObject({
      code: "NOT_FOUND",
    });
    await bench.client.request("settings.set", { simulator: true });
    const { devices } = await bench.client.request("inventory.get", {});
    expect(devices.map((device) => device.id)).toContain("sim:adc");
    expect((await bench.client.request("stream.get", { stream: ADC })).id).toBe(ADC);
  });

  it("keep the simulator while it is recorded, by a sentence", async () => {
    bench = await makeBench();
    const { client } = bench;
    const off = () => client.request("settings.set", { simulator: false });
    const request = { stream: ADC, name: "kept", hash: false };
    await bench.client.request("recording.start", request);
    await bench.next("recording", ({ status }) => status.scans > 1000);
    expect(await refusal(off())).toMatchObject({
      code: "BUSY_RECORDING",
      field: "simulator",
      message: expect.stringContaining("“kept”"),
    });
    expect((await bench.client.request("settings.get", {})).simulator).toBe(true);
    const { error } = await bench.client.request("recording.stop", { stream: ADC });
    expect(error).toBeNull();
    expect((await off()).simulator).toBe(false);
  });

  it("leave nothing of a simulator that was switched off, running or not", async () => {
    const leaks = trackDisposables();
    bench = await makeBench();
    const { addon, client } = bench;
    const turn = (simulator: boolean) => client.request("settings.set", { simulator });
    await turn(false);
    await turn(true);
    await bench.client.request("stream.start", { stream: ADC });
    await turn(false);
    await expect.poll(() => addon.open(), { timeout: 20_000 }).toBe(0);
    const listening = leaks().filter((stack) => stack.includes("Inventory.add"));
    // That of the recordings.
    expect(listening).toHaveLength(1);
  });
});
