import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import {
  asKind,
  bareWords,
  blockSizeFigure,
  parseBlockSize,
} from "../../renderer/lib/block-size.js";
import { blockStrip, countStates, emptyStates } from "../../renderer/lib/block-strip.js";
import { BLOCK_STATES, type BlockState } from "../../shared/stream.js";
import {
  ADC,
  asked,
  bench,
  CONVERTER,
  field,
  mountWindow,
  row,
  sentenceBeside,
  showing,
  soon,
} from "./window.js";

const states = (...names: BlockState[]) =>
  Uint8Array.from(names.map((n) => BLOCK_STATES.indexOf(n)));
const legend = (state: BlockState) =>
  document.querySelector(`.legend [data-state=${state}] dd`)?.textContent;
const table = () =>
  [...document.querySelectorAll(".inspector .figures tbody tr")].map((tr) =>
    [...tr.children].map((td) => td.textContent?.trim()),
  );

async function typeInto(input: HTMLElement, text: string): Promise<void> {
  await userEvent.click(input);
  await userEvent.fill(input, text);
  await userEvent.keyboard("{Enter}");
}

describe("the buffer panel", () => {
  test("says what count and size mean in time and memory", async () => {
    await mountWindow();
    expect(field("Blocks").value).toBe("64");
    expect(field("Block size").value).toBe("64");
    expect(table()[0]).toEqual(["One block", "1", "16.4ms", "64KiB"]);
    expect(table().at(-1)?.[0]).toBe("Pool");
    expect(document.querySelector(".inspector .words")?.textContent).toBe(
      "16,384 scans of 4 bytes",
    );
  });

  test("takes a size in bytes, scans or time", async () => {
    const { host } = await mountWindow();
    for (const text of ["128Ki", "1000 scans", "20 ms"]) await typeInto(field("Block size"), text);
    await soon(() =>
      expect(asked(host, "stream.configure").map((p) => (p as { patch: unknown }).patch)).toEqual([
        { blockSize: { kind: "bytes", bytes: 131072 } },
        { blockSize: { kind: "scans", scans: 1000 } },
        { blockSize: { kind: "seconds", seconds: 0.02 } },
      ]),
    );
  });

  test("shows what a size would mean while it is typed, without applying it", async () => {
    const { host } = await mountWindow();
    await userEvent.click(field("Block size"));
    await userEvent.fill(field("Block size"), "256Ki");
    await soon(() => expect(table()[0]).toEqual(["One block", "1", "65.5ms", "256KiB"]));
    expect(asked(host, "stream.configure")).toEqual([]);
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(table()[0]).toEqual(["One block", "1", "16.4ms", "64KiB"]));
  });

  test("says what a number without a unit means, below the field and beside what is typed", async () => {
    await mountWindow();
    const bare = () => document.querySelector(".inspector .bare")?.textContent;
    expect(bare()).toContain("A number alone is in KiB");
    await typeInto(field("Block size"), "1000 scans");
    await soon(() => expect(bare()).toContain("A number alone is scans"));
    await userEvent.fill(field("Block size"), "1k");
    expect(field("Block size").closest(".field")?.querySelector(".unit")?.textContent).toBe(
      "scans",
    );
  });

  test("an emptied field gives the choice back to the program", async () => {
    const { host } = await mountWindow();
    await typeInto(field("Blocks"), "16");
    await soon(() => expect(field("Blocks").value).toBe("16"));
    await typeInto(field("Blocks"), "");
    await soon(() =>
      expect(asked(host, "stream.configure").at(-1)).toMatchObject({ patch: { blockCount: null } }),
    );
    await soon(() => expect(field("Blocks").value).toBe("64"));
  });

  test("a field that only had the focus sends nothing, whatever became of its value meanwhile", async () => {
    const { host } = await mountWindow();
    field("Blocks").focus();
    const stream = host.stream(ADC);
    stream.settings = { ...stream.settings, blockCount: 32 };
    host.emit("stream", { stream: stream.info() });
    await soon(() => expect(table().at(-1)?.[1]).toBe("32"));
    field("Blocks").blur();
    await soon(() => expect(field("Blocks").value).toBe("32"));
    expect(asked(host, "stream.configure")).toEqual([]);
  });

  test("what the host refuses stands beside its field", async () => {
    await mountWindow();
    await typeInto(field("Block size"), "1Gi");
    await soon(() => expect(sentenceBeside(field("Block size"))).toContain("at most 16 MiB"));
    expect(field("Block size").value).toBe("1Gi");
  });

  test("a single block is refused before it is sent", async () => {
    const { host } = await mountWindow();
    await typeInto(field("Blocks"), "1");
    await soon(() => expect(sentenceBeside(field("Blocks"))).toContain("at least 2"));
    expect(asked(host, "stream.configure")).toEqual([]);
  });

  test("what is refused of the advanced settings stands under its own", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("{Alt>}b{/Alt}");
    const fast = () => document.querySelector('[role=switch][aria-label="As fast as possible"]')!;
    await soon(() => expect(fast()).not.toBeNull());
    host.refuse("stream.configure", "Not while it is measured.");
    await userEvent.click(fast());
    await soon(() => expect(sentenceBeside(fast() as HTMLElement)).toContain("Not while it is"));
  });

  test("what was rounded is said", async () => {
    await mountWindow();
    await typeInto(field("Block size"), "1001 B");
    await soon(() =>
      expect(document.querySelector(".inspector .section")?.textContent).toContain(
        "rounded to 1,000 bytes",
      ),
    );
  });

  test("is locked while recording, with the offer once on top", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("r");
    await soon(() => expect(field("Blocks").readOnly).toBe(true));
    const lines = document.querySelectorAll(".lock-line");
    expect(lines).toHaveLength(1);
    await userEvent.click(lines[0]!.querySelector("button")!);
    await typeInto(field("Blocks"), "32");
    await soon(() =>
      expect(asked(host, "stream.configure")).toEqual([
        { stream: ADC, patch: { blockCount: 32 }, continueRecording: true },
      ]),
    );
  });

  test("says which transport is used, why not the better one, and the whole command that mends it", async () => {
    await mountWindow({ devices: bench(), settings: { layout: showing(CONVERTER) } });
    const section = document.querySelector('[data-section="transport"]')!;
    expect(section.textContent).toContain("DMABUF");
    expect(section.textContent).toContain("you may not open /dev/udmabuf");
    expect(section.querySelector("code")?.textContent).toBe("sudo usermod -aG iio $USER");
  });

  test("offers the heaps, those that cannot be opened with the reason", async () => {
    const { host } = await mountWindow({
      devices: bench(),
      settings: { layout: showing(CONVERTER) },
    });
    await userEvent.click(document.querySelector('[data-section="transport"] .choice')!);
    const items = () => [...document.querySelectorAll<HTMLElement>("[role=menuitemradio]")];
    await soon(() => expect(items().length).toBeGreaterThan(3));
    const udmabuf = items().find((item) => item.textContent?.includes("udmabuf"))!;
    expect(udmabuf.textContent).toContain("You may not open");
    expect(udmabuf.getAttribute("data-disabled")).not.toBeNull();
    await userEvent.click(items().find((item) => item.textContent?.includes("system"))!);
    await soon(() =>
      expect(asked(host, "stream.configure")).toMatchObject([{ patch: { heap: "system" } }]),
    );
  });
});

describe("what a device refused", () => {
  test("does not stand under another one", async () => {
    const { host } = await mountWindow({
      devices: bench(),
      settings: { layout: showing(CONVERTER) },
    });
    host.refuse("stream.configure", "This heap is taken.");
    const section = () => document.querySelector('[data-section="transport"]');
    await userEvent.click(section()!.querySelector(".choice")!);
    const items = () => [...document.querySelectorAll<HTMLElement>("[role=menuitemradio]")];
    await soon(() => expect(items().length).toBeGreaterThan(3));
    await userEvent.click(items().find((item) => item.textContent?.includes("system"))!);
    await soon(() => expect(section()?.textContent).toContain("This heap is taken."));
    await userEvent.click(row("adxl355"));
    await soon(() =>
      expect(document.querySelector(".inspector .name")?.textContent).toBe("adxl355"),
    );
    expect(section()?.textContent).not.toContain("This heap is taken.");
  });
});

describe("the strip of blocks", () => {
  test("counts what each block is in, and says it to a screen reader", async () => {
    const { host } = await mountWindow();
    expect(document.querySelector(".inspector .strip")?.ariaLabel).toContain("none filled yet");
    host.stream(ADC).start(30);
    host.emit("stream", { stream: host.stream(ADC).info() });
    host.tick();
    await soon(() => expect(legend("active")).toBe("1"));
    expect(Number(legend("queued")) + 1).toBe(host.stream(ADC).geometry().queueDepth);
    expect(Number(legend("history"))).toBe(48);
    expect(document.querySelector(".inspector .strip")?.ariaLabel).toMatch(
      /State of 64 blocks: \d+ queued, 48 history/,
    );
  });

  test("names who holds blocks, and how many blocks a cell stands for", async () => {
    const { host } = await mountWindow();
    const name = () => document.querySelector(".legend [data-state=held] dt")?.textContent;
    host.stream(ADC).start(30);
    host.stream(ADC).blockStates = () => states(...Array<BlockState>(300).fill("history")) as never;
    host.emit("stream", { stream: host.stream(ADC).info() });
    host.tick();
    await soon(() => expect(name()).toBe("being summarised"));
    expect(document.querySelector(".inspector .cells")?.textContent).toContain("1 cell = 3 blocks");
    await userEvent.keyboard("r");
    await soon(() => expect(name()).toBe("held by recorder"));
  });

  test("draws states by shape: a queued block is hollow, one of the history is solid", async () => {
    const { host } = await mountWindow();
    host.stream(ADC).start(30);
    const half = [
      ...Array<BlockState>(32).fill("history"),
      ...Array<BlockState>(32).fill("queued"),
    ];
    host.stream(ADC).blockStates = () => states(...half) as Uint8Array<ArrayBuffer>;
    host.emit("stream", { stream: host.stream(ADC).info() });
    host.tick();
    await soon(() => expect(legend("queued")).toBe("32"));
    const canvas = document.querySelector<HTMLCanvasElement>(".inspector canvas.strip")!;
    const ratio = canvas.width / canvas.clientWidth;
    const opacity = (x: number, y: number) =>
      canvas.getContext("2d")!.getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1)
        .data[3]!;
    await soon(() => expect(opacity(3, 6)).toBeGreaterThan(0));
    expect(opacity(3, 15 + 6)).toBe(0);
    expect(opacity(3, 15)).toBeGreaterThan(0);
  });

  test("beyond 128 blocks a cell stands for several, and shows the one that matters most", () => {
    const many = new Uint8Array(1000).fill(BLOCK_STATES.indexOf("history"));
    many[17] = BLOCK_STATES.indexOf("failed");
    const strip = blockStrip(many);
    expect(strip.blocksPerCell).toBe(8);
    expect(strip.cells).toHaveLength(125);
    expect(strip.cells[2]).toBe("failed");
    expect(countStates(many).failed).toBe(1);
  });

  test("an idle pool has every block in its place", () => {
    expect(countStates(emptyStates(64)).idle).toBe(64);
    expect(blockStrip(states("queued", "active")).cells).toEqual(["queued", "active"]);
  });
});

describe("a block size as text", () => {
  test.each([
    ["64Ki", { kind: "bytes", bytes: 65536 }],
    ["4 MiB", { kind: "bytes", bytes: 4194304 }],
    ["4096", { kind: "bytes", bytes: 4096 }],
    ["8 scans", { kind: "scans", scans: 8 }],
    ["4,096 samples", { kind: "scans", scans: 4096 }],
    ["20 ms", { kind: "seconds", seconds: 0.02 }],
    ["auto", { kind: "auto" }],
  ])("%s", (text, setting) => {
    expect(parseBlockSize(text)).toEqual({ ok: true, setting });
  });

  test("a bare number means what the field shows", () => {
    expect(parseBlockSize("8", "scans")).toEqual({
      ok: true,
      setting: { kind: "scans", scans: 8 },
    });
    expect(parseBlockSize("0.5", "seconds")).toEqual({
      ok: true,
      setting: { kind: "seconds", seconds: 0.5 },
    });
  });

  test("a prefix alone is one of what the field shows, and a time has none above it", () => {
    const bytes = { ok: true, setting: { kind: "bytes", bytes: 1_000_000 } };
    expect(parseBlockSize("1M", "bytes")).toEqual(bytes);
    expect(parseBlockSize("1 MB", "seconds")).toEqual(bytes);
    expect(parseBlockSize("1M", "scans")).toEqual({
      ok: true,
      setting: { kind: "scans", scans: 1_000_000 },
    });
    expect(parseBlockSize("1M", "seconds")).toEqual({
      ok: false,
      message: "1M of what? Say 1MB, or 1M scans.",
    });
    expect(bareWords({ text: "64", unit: "KiB" }, "bytes")).toContain("in KiB; 1M is 1,000,000 b");
  });

  test.each(["0", "-4", "1.5 scans", "0.3", "many"])("%s is refused with a sentence", (text) => {
    const parsed = parseBlockSize(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok === false && parsed.message).toMatch(/\.$/);
  });

  test("the same size is said in another way", () => {
    const geometry = {
      blockCount: 64,
      queueDepth: 16,
      scanBytes: 4,
      scansPerBlock: 16384,
      payloadBytes: 65536,
      allocatedBytes: 65536,
      askedBytes: 65536,
      secondsPerBlock: 0.016384,
      reserveSeconds: 0.26,
      historySeconds: 0.78,
      poolBytes: 4194304,
      notes: [],
    };
    expect(blockSizeFigure(geometry, asKind(geometry, "scans"))).toEqual({
      text: "16,384",
      unit: "scans",
    });
    expect(blockSizeFigure(geometry, asKind(geometry, "seconds"))).toEqual({
      text: "16.38",
      unit: "ms",
    });
    expect(blockSizeFigure(geometry, { kind: "auto" })).toEqual({ text: "64", unit: "KiB" });
  });
});
