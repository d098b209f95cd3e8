/** What a run over udmabuf proves: counted when all of its blocks are back, and kept beside what others know. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Inventory } from "../../electron/host/inventory.js";
import { UdmabufProofs } from "../../electron/host/local/proofs.js";
import { ADC, makeBench } from "./fake/host.js";
import { FakeStream } from "./fake/stream.js";

const WHOLE = { blocks: 8, staleBytes: 0 };
const STALE = { blocks: 9, staleBytes: 4096 };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "studio-proofs-"))));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const told = (fault: unknown): never => expect.unreachable(JSON.stringify(fault));
const program = async (kernel = "Linux 6.12.1") => {
  const proofs = new UdmabufProofs(folder, told, kernel);
  await proofs.load();
  return proofs;
};
const stored = (): string[] => {
  const text = readFileSync(join(folder, "udmabuf-proofs.json"), "utf8");
  const { udmabuf } = JSON.parse(text) as { udmabuf: { device: string; kernel: string }[] };
  return udmabuf.map(({ device, kernel }) => `${device} ${kernel}`).sort();
};

it("counts a block that only the stop takes back", async () => {
  const { counters } = FakeStream.prototype;
  vi.spyOn(FakeStream.prototype, "counters").mockImplementation(function (this: FakeStream) {
    const now = counters.call(this);
    return { ...now, overwritten: now.state === "running" ? WHOLE : STALE };
  });
  const ends: unknown[] = [];
  const { contextOf } = Inventory.prototype;
  vi.spyOn(Inventory.prototype, "contextOf").mockImplementation(function (
    this: Inventory,
    device: string,
  ) {
    const context = contextOf.call(this, device);
    const prepare: typeof context.prepare = async (...args) => {
      const source = await Object.getPrototypeOf(context).prepare.apply(context, args);
      return {
        ...source,
        release: (end: Parameters<typeof source.release>[0]) => {
          ends.push(end);
          return source.release(end);
        },
      };
    };
    return Object.assign(Object.create(context) as typeof context, { prepare });
  });
  const bench = await makeBench();
  await bench.client.request("stream.start", { stream: ADC });
  await bench.client.request("stream.stop", { stream: ADC });
  expect(ends).toMatchObject([{ overwritten: STALE }]);
  await bench.close();
});

it("leaves alone what is known of other kernels, and what other programs found out meanwhile", async () => {
  const before = await program("Linux 6.1");
  before.learn("ad4020", WHOLE);
  await expect.poll(stored).toEqual(["ad4020 Linux 6.1"]);
  const [one, other] = [await program(), await program()];
  one.learn("ad4020", WHOLE);
  await expect.poll(stored).toHaveLength(2);
  other.learn("cn0579", WHOLE);
  const all = ["ad4020 Linux 6.1", "ad4020 Linux 6.12.1", "cn0579 Linux 6.12.1"];
  await expect.poll(stored).toEqual(all);
  one.learn("ad4020", STALE);
  await expect.poll(stored).toEqual(["ad4020 Linux 6.1", "cn0579 Linux 6.12.1"]);
});

it("keeps all of what was learned at once", async () => {
  const proofs = await program();
  for (const device of ["a", "b", "c"]) proofs.learn(device, WHOLE);
  await expect.poll(stored).toEqual(["a", "b", "c"].map((device) => `${device} Linux 6.12.1`));
});
