/** What `npm run dev` does when a source changes. */
import { EventEmitter } from "node:events";
import { describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript without types, so that it runs before anything is installed
import { isSource, oneAtATime, rebuilder } from "../../electron/launch/rebuild.mjs";

interface Turns {
  build: () => Promise<void>;
  restart: () => void;
  tell: (thrown: unknown) => void;
  delayMs: number;
}
const make = rebuilder as (turns: Turns) => () => void;

function bench(build: () => Promise<void> = async () => undefined) {
  const turns = { build: vi.fn(build), restart: vi.fn(), tell: vi.fn(), delayMs: 1 };
  return { ...turns, changed: make(turns) };
}

describe("a change of a source", () => {
  it("is built before what runs is restarted", async () => {
    const order: string[] = [];
    const { changed, restart } = bench(async () => void order.push("built"));
    restart.mockImplementation(() => order.push("restarted"));
    changed();
    changed();
    await vi.waitFor(() => expect(order).toEqual(["built", "restarted"]));
  });

  it("leaves running what runs if it can't be built, and says why", async () => {
    const fault = new Error("the addon could not be built");
    const { changed, restart, tell, build } = bench(() => Promise.reject(fault));
    changed();
    await vi.waitFor(() => expect(tell).toHaveBeenCalledWith(fault));
    expect(restart).not.toHaveBeenCalled();
    build.mockResolvedValue(undefined);
    changed();
    await vi.waitFor(() => expect(restart).toHaveBeenCalledOnce());
  });

  it("is built after what is being built, not beside it", async () => {
    let end: () => void = () => undefined;
    let now = 0;
    let most = 0;
    const { changed, build, restart } = bench(async () => {
      most = Math.max(most, ++now);
      await new Promise<void>((resolve) => (end = resolve));
      now--;
    });
    changed();
    await vi.waitFor(() => expect(build).toHaveBeenCalledTimes(1));
    changed();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(build).toHaveBeenCalledTimes(1);
    end();
    await vi.waitFor(() => expect(build).toHaveBeenCalledTimes(2));
    end();
    await vi.waitFor(() => expect(restart).toHaveBeenCalledTimes(2));
    expect(most).toBe(1);
  });

  it("is not one of what the addon's build writes", () => {
    const source = isSource as (folder: string, file: string) => boolean;
    expect(source("native", "core/arena.cc")).toBe(true);
    expect(source("native", "build/release/native/core/arena.o")).toBe(false);
    expect(source("native", "build")).toBe(false);
    expect(source("electron/host", "build/x.ts")).toBe(true);
  });
});

describe("what runs", () => {
  class Child extends EventEmitter {
    exitCode: number | null = null;
    signalCode = null;
    kill = vi.fn();
    end(): void {
      this.exitCode = 0;
      this.emit("exit");
    }
  }
  function running() {
    const children: Child[] = [];
    const start = (): Child => {
      children.push(new Child());
      return children.at(-1)!;
    };
    const host = (oneAtATime as (start: () => Child) => { restart(): void; stop(): void })(start);
    host.restart();
    return { children, ...host };
  }

  it("is started once when it has ended, however often it is to be started anew meanwhile", () => {
    const { children, restart } = running();
    restart();
    restart();
    expect(children).toHaveLength(1);
    expect(children[0]!.kill).toHaveBeenCalledOnce();
    children[0]!.end();
    expect(children).toHaveLength(2);
    restart();
    children[1]!.end();
    expect(children).toHaveLength(3);
    children[2]!.end();
    restart();
    expect(children).toHaveLength(4);
  });

  it("is not started anew once all ends, also where that was asked just before", () => {
    const { children, restart, stop } = running();
    restart();
    stop();
    restart();
    children[0]!.end();
    restart();
    expect(children).toHaveLength(1);
    expect(children[0]!.kill).toHaveBeenCalledWith("SIGTERM");
  });
});
