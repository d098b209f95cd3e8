/** How much room there is where recordings go: looked at slowly, only for somebody, and at once where it matters. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FreeSpace } from "../../electron/host/recordings/free-space.js";
import { makeBench, type Bench } from "./fake/host.js";

describe("free space", () => {
  const told: number[] = [];
  const asked: string[] = [];
  let seen = true;
  let folder = "/data/new/takes";
  let answer: (folder: string) => Promise<number>;
  let space: FreeSpace;

  beforeEach(() => {
    vi.useFakeTimers();
    told.length = 0;
    asked.length = 0;
    seen = true;
    folder = "/data/new/takes";
    answer = async () => 5e9;
    const freeBytes = (where: string): Promise<number> => {
      asked.push(where);
      return answer(where);
    };
    space = new FreeSpace(
      { freeBytes },
      () => folder,
      () => seen,
      (bytes) => told.push(bytes),
    );
  });
  afterEach(() => {
    space.dispose();
    vi.useRealTimers();
  });

  it("of a folder that is not there yet is that of the nearest one that is", async () => {
    answer = (where) => (where === "/data" ? Promise.resolve(7e9) : Promise.reject(new Error()));
    await space.look();
    expect(asked).toEqual(["/data/new/takes", "/data/new", "/data"]);
    expect(told).toEqual([7e9]);
  });

  it("is looked at each ten seconds, while somebody sees it", async () => {
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked).toHaveLength(3);
    seen = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(3);
  });

  it("of the folder before is not told once another is set", async () => {
    let finish: (bytes: number) => void = () => undefined;
    answer = () => new Promise((resolve) => (finish = resolve));
    const first = space.look();
    folder = "/other";
    answer = async () => 2e9;
    const second = space.look();
    finish(5e9);
    await Promise.all([first, second]);
    expect(asked).toEqual(["/data/new/takes", "/other"]);
    expect(told).toEqual([2e9]);
  });
});

describe("a session", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.close());
  const room = (contexts: Bench["hello"]["inventory"]["contexts"]) =>
    contexts.find((one) => one.id === "rec")?.freeBytes;

  it("knows it from its greeting on, and hears of it when the folder changes or another session comes", async () => {
    expect(room(bench.hello.inventory.contexts)).toBe(1e12);
    bench.addon.disk.freeBytes = 4e11;
    const changed = bench.next("context", ({ context }) => context.freeBytes === 4e11);
    await bench.client.request("settings.set", { recordings: { folder: "/tmp/elsewhere" } });
    await changed;

    bench.addon.disk.freeBytes = 3e11;
    const come = bench.next("context", ({ context }) => context.freeBytes === 3e11);
    await bench.connect();
    await come;
  });
});
