/** The browser window of the loopback shell: whose profile it takes, and what its end means. */
import { mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freeProfile, untilClosed } from "../../electron/loopback/browser.js";

describe("the profile", () => {
  const locked = (folder: string, name: string, holder: string) => {
    mkdirSync(join(folder, name), { recursive: true });
    symlinkSync(holder, join(folder, name, "SingletonLock"));
  };
  const DEAD = 2 ** 22 + 1;

  it("is another one than that of a studio which is open already", () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-profile-"));
    expect(basename(freeProfile(folder))).toBe("browser");
    locked(folder, "browser", `${hostname()}-${process.pid}`);
    expect(basename(freeProfile(folder))).toBe("browser-2");
    locked(folder, "browser-2", `other-machine-${DEAD}`);
    expect(basename(freeProfile(folder))).toBe("browser-3");
  });

  it("is taken again after a browser that died", () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-profile-"));
    locked(folder, "browser", `${hostname()}-${DEAD}`);
    expect(basename(freeProfile(folder))).toBe("browser");
  });
});

describe("a browser that was opened", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const never = new Promise<void>(() => undefined);
  const soon = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  async function follow(closed: Promise<void>, shown: Promise<void>) {
    let [ended, told] = [false, 0];
    void untilClosed(closed, shown, () => told++).then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(60_000);
    return { ended, told };
  }

  it("ends the studio with its window", async () => {
    expect(await follow(soon(30_000), soon(1000))).toEqual({ ended: true, told: 0 });
    expect(await follow(never, soon(1000))).toEqual({ ended: false, told: 0 });
  });

  it("leaves the studio serving when it handed the address over or could not start", async () => {
    expect(await follow(soon(100), never)).toEqual({ ended: false, told: 1 });
    expect(await follow(soon(100), soon(2000))).toEqual({ ended: false, told: 1 });
  });

  it("is taken for one that may not read our page when no window comes", async () => {
    expect(await follow(never, never)).toEqual({ ended: false, told: 1 });
    expect(await follow(soon(40_000), never)).toEqual({ ended: false, told: 1 });
  });
});
