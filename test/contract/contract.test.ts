/** One contract over all doors: what works through one works through each, and what is refused is refused by all. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHost, type Host } from "../../electron/host/host.js";
import { StudioClient } from "../../shared/client.js";
import { PROTOCOL, type Envelope, type Events } from "../../shared/messages.js";
import type { Port } from "../../shared/port.js";
import { DOORS, type Door } from "./doors.js";

const STREAM = "sim:adc/buffer0";

describe.each(Object.entries(DOORS))("through %s", (_name, openDoor) => {
  let host: Host;
  let door: Door;
  let folder: string;
  const open: StudioClient[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "studio-contract-"));
    host = await createHost({
      version: "test",
      shell: "cli",
      configDir: join(folder, "config"),
      roots: { sysfs: join(folder, "sys"), dev: join(folder, "dev") },
      recordingsFolder: join(folder, "recordings"),
    });
    door = await openDoor(host);
  });

  afterEach(async () => {
    for (const client of open.splice(0)) client.close();
    await door.close();
    await host.close();
    rmSync(folder, { recursive: true });
  });

  async function connect(): Promise<StudioClient> {
    const client = new StudioClient(await door.open());
    open.push(client);
    await client.request("hello", { protocol: PROTOCOL });
    return client;
  }

  /** Raw access, for what a client would never send. */
  async function rawPort(): Promise<{ port: Port; received: Envelope[] }> {
    const port = await door.open();
    const received: Envelope[] = [];
    port.onMessage((message) => received.push(message as Envelope));
    return { port, received };
  }

  const nextEvent = <N extends keyof Events>(
    client: StudioClient,
    name: N,
    accept: (data: Events[N]) => boolean = () => true,
  ) =>
    new Promise<Events[N]>((resolve) => {
      const off = client.on(name, (data) => {
        if (!accept(data)) return;
        off();
        resolve(data);
      });
    });

  it("says hello with the inventory, the streams and the settings", async () => {
    const client = new StudioClient(await door.open());
    open.push(client);
    const hello = await client.request("hello", { protocol: PROTOCOL });
    expect(hello.protocol).toBe(PROTOCOL);
    expect(hello.inventory.devices.map((device) => device.id)).toContain("sim:adc");
    expect(hello.streams.map((stream) => stream.id)).toContain(STREAM);
    expect(hello.settings.recordings.namePattern).toContain("{device}");
  });

  it("refuses a window that speaks another protocol, with the next step", async () => {
    const client = new StudioClient(await door.open());
    open.push(client);
    await expect(client.request("hello", { protocol: PROTOCOL + 1 })).rejects.toThrow(
      /reload|update/i,
    );
  });

  it("answers an unknown request and wrong parameters with an error that names them", async () => {
    const client = await connect();
    const unknown = client.request("no.such" as "doctor", {});
    await expect(unknown).rejects.toMatchObject({ code: "BAD_REQUEST" });
    const wrong = client.request("view.frame", {
      stream: STREAM,
      traces: [],
      range: { kind: "all" },
      columns: 3,
      physical: true,
    });
    await expect(wrong).rejects.toMatchObject({ detail: { field: "columns" } });
    const inherited = client.request("__proto__" as "doctor", {});
    await expect(inherited).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  it("lives on after garbage", async () => {
    const { port, received } = await rawPort();
    for (const garbage of [null, 7, "x", [], {}, { kind: "request" }, { kind: "reply", id: 1 }]) {
      port.post(garbage);
    }
    port.post({ kind: "request", id: 9, name: "settings.get", params: {} });
    await expect
      .poll(() => received.some((message) => "id" in message && message.id === 9))
      .toBe(true);
    port.close();
  });

  it("writes an attribute and reads back what the device kept", async () => {
    const client = await connect();
    const address = {
      device: "sim:adc",
      scope: { kind: "device" as const },
      name: "sampling_frequency",
    };
    const kept = await client.request("attribute.write", { ...address, value: "200000" });
    expect(kept).toMatchObject({ state: "ok", raw: "200000" });
    const refused = client.request("attribute.write", { ...address, value: "-5" });
    await expect(refused).rejects.toMatchObject({ detail: { kept: "200000" } });
  });

  it("runs a stream, tells of its blocks, and draws it", async () => {
    const client = await connect();
    const progress = nextEvent(
      client,
      "stream.progress",
      ({ counters }) => counters.scans > 50_000,
    );
    await client.request("stream.start", { stream: STREAM });
    const { counters, headers } = await progress;
    expect(counters.continuity).toMatchObject({ grade: "exact" });
    expect(headers.sequence.length).toBe(headers.timeNs.length);
    const info = await client.request("stream.get", { stream: STREAM });
    const channel = info.settings.channels[0]!;
    const frame = await client.request("view.frame", {
      stream: STREAM,
      traces: [{ channel, part: "value" }],
      range: { kind: "follow", scans: 40_000 },
      columns: 500,
      physical: true,
    });
    const y = frame.traces[0]!.y;
    expect(y.length).toBeGreaterThan(0);
    expect(y.byteLength).toBe(y.buffer.byteLength);
    expect(Math.max(...y)).toBeGreaterThan(Math.min(...y));
    const stopped = await client.request("stream.stop", { stream: STREAM });
    expect(stopped.state.kind).toBe("idle");
  });

  it("cancels a start whose memory is still being allocated, and starts again", async () => {
    const client = await connect();
    const sizes = { blockCount: 512, blockSize: { kind: "bytes" as const, bytes: 1 << 20 } };
    await client.request("stream.configure", { stream: STREAM, patch: sizes });
    const starts = nextEvent(client, "stream", ({ stream }) => stream.state.kind === "starting");
    const started = client.request("stream.start", { stream: STREAM });
    started.catch(() => undefined);
    await starts;
    const stopped = await client.request("stream.stop", { stream: STREAM });
    expect(stopped.state.kind).toBe("idle");
    await expect(started).rejects.toMatchObject({ code: "CANCELLED" });
    const patch = { blockCount: 16 };
    await client.request("stream.configure", { stream: STREAM, patch });
    const again = await client.request("stream.start", { stream: STREAM });
    expect(again.state.kind).toBe("running");
    await client.request("stream.stop", { stream: STREAM });
  });

  it("keeps the blocks of a picture that is frozen, as long as it is", async () => {
    const client = await connect();
    const settled = nextEvent(client, "stream.progress", ({ counters }) => counters.blocks > 20);
    await client.request("stream.configure", {
      stream: STREAM,
      patch: { blockCount: 16, blockSize: { kind: "bytes", bytes: 8192 }, queueDepth: 4 },
    });
    await client.request("stream.start", { stream: STREAM });
    await settled;
    const { settings } = await client.request("stream.get", { stream: STREAM });
    const ask = {
      stream: STREAM,
      traces: [{ channel: settings.channels[0]!, part: "value" as const }],
      columns: 500,
      physical: true,
    };
    const live = await client.request("view.frame", {
      ...ask,
      range: { kind: "follow", scans: 1000 },
      keep: "view",
    });
    // Many times the pool goes by.
    await nextEvent(client, "stream.progress", ({ headers }) => headers.sequence.at(-1)! > 200);
    const { fromScan, toScan } = live;
    const frozen = await client.request("view.frame", {
      ...ask,
      range: { kind: "range", fromScan, toScan },
    });
    expect(frozen.samplesFromScan).toBeLessThanOrEqual(Math.ceil(fromScan));
    const [before, after] = [live, frozen].map(({ traces }) => traces[0]!.y);
    expect(Math.max(...after!)).toBe(Math.max(...before!));
    expect(Math.min(...after!)).toBe(Math.min(...before!));
    await client.request("stream.stop", { stream: STREAM });
  });

  it("keeps a stream running when its window reloads, and shows it to the next", async () => {
    const first = await connect();
    await first.request("stream.start", { stream: STREAM });
    first.close();
    const second = await connect();
    const info = await second.request("stream.get", { stream: STREAM });
    expect(info.state.kind).toBe("running");
    await nextEvent(second, "stream.progress");
    await second.request("stream.stop", { stream: STREAM });
  });

  it("tells every window what one of them changed", async () => {
    const [first, second] = [await connect(), await connect()];
    const seen = nextEvent(second, "stream", ({ stream }) => stream.settings.blockCount === 12);
    await first.request("stream.configure", { stream: STREAM, patch: { blockCount: 12 } });
    expect((await seen).stream.id).toBe(STREAM);
  });

  it("forwards whole blocks within the credit, and counts what it skipped", async () => {
    const client = await connect();
    const info = await client.request("stream.preview", { stream: STREAM, patch: {} });
    const blockBytes = info.geometry!.payloadBytes;
    let got = 0;
    client.on("blocks", ({ data }) => (got += data.byteLength));
    await client.request("view.blocks", { stream: STREAM, on: true, creditBytes: 2 * blockBytes });
    await client.request("stream.start", { stream: STREAM });
    await expect.poll(() => got, { timeout: 10_000 }).toBe(2 * blockBytes);
    await nextEvent(client, "stream.progress", ({ counters }) => counters.blocks > 8);
    expect(got).toBe(2 * blockBytes);
    const more = nextEvent(client, "blocks");
    await client.request("view.credit", { stream: STREAM, bytes: 2 * blockBytes });
    const block = await more;
    expect(block.skippedBlocks).toBeGreaterThan(0);
    expect(block.skippedBytes).toBe(block.skippedBlocks * blockBytes);
    await client.request("stream.stop", { stream: STREAM });
  });

  it("records, and tells of the end", async () => {
    const client = await connect();
    const ended = nextEvent(client, "recording.ended");
    await client.request("recording.start", {
      stream: STREAM,
      name: "take",
      scans: 30_000,
      hash: false,
    });
    const { result } = await ended;
    expect(result.samples).toBe(30_000);
    expect(result.error).toBeNull();
    const list = await client.request("recording.list", {});
    expect(list.map((entry) => entry.name)).toContain("take");
  });

  it("refuses a recording's name that would leave the folder", async () => {
    const client = await connect();
    for (const name of ["../out", "/tmp/out", "a/b", ".hidden", "nul\0"]) {
      const start = client.request("recording.start", { stream: STREAM, name });
      await expect(start).rejects.toMatchObject({ detail: { field: "name" } });
    }
  });

  it("answers a flood without growing without bound: each request is answered or refused", async () => {
    const client = await connect();
    const answers = await Promise.allSettled(
      Array.from({ length: 5000 }, () => client.request("settings.get", {})),
    );
    expect(answers).toHaveLength(5000);
    for (const answer of answers) {
      if (answer.status === "rejected") {
        expect((answer.reason as { code: string }).code).toBe("TOO_MANY");
      }
    }
    await expect(client.request("settings.get", {})).resolves.toBeDefined();
  });

  it("rejects what waits when the connection goes", async () => {
    const client = await connect();
    const waiting = client.request("stream.single", { stream: STREAM, scans: 1e9, preScans: 0 });
    client.close();
    await expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
  });
});
