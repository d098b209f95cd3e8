import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { oldRecordings } from "../../renderer/dev/fake-recorder.js";
import type { RecordingEntry } from "../../shared/recording.js";
import { ADC, asked, bench, CONVERTER, mountWindow, row, showing, slowly, soon } from "./window.js";

const check = (label: string) => row(label).querySelector<HTMLElement>("[data-test=enable]")!;
const labels = () =>
  [...document.querySelectorAll("[role=treeitem] .label")].map((label) =>
    label.textContent?.trim(),
  );
const onConverter = () => ({ devices: bench(), settings: { layout: showing(CONVERTER) } });

async function menuOf(label: string, action: string): Promise<void> {
  await userEvent.click(row(label), { button: "right" });
  const find = () =>
    [...document.querySelectorAll<HTMLElement>("[role=menuitem]")].find(
      (item) => item.textContent?.trim() === action,
    );
  await soon(() => expect(find()).toBeDefined());
  await userEvent.click(find()!);
}

describe("the explorer", () => {
  test("ticking a channel switches it on in its stream", async () => {
    const { host } = await mountWindow();
    expect(row("voltage2").ariaChecked).toBe("false");
    await userEvent.click(check("voltage2"));
    await soon(() =>
      expect(asked(host, "stream.configure")).toMatchObject([
        { stream: ADC, patch: { channels: ["voltage0", "voltage1", "voltage2"] } },
      ]),
    );
    await soon(() => expect(row("voltage2").ariaChecked).toBe("true"));
  });

  test("a row's lamp runs and stops that stream alone", async () => {
    const { host } = await mountWindow();
    await userEvent.click(row("inertial").querySelector("[data-test=run-lamp]")!);
    await soon(() => expect(host.stream("sim:inertial/buffer0").state.kind).toBe("running"));
    expect(host.stream(ADC).state.kind).toBe("idle");
    await soon(() => expect(row("inertial").textContent).toContain("104 S/s"));
    await userEvent.click(row("inertial").querySelector("[data-test=run-lamp]")!);
    await soon(() => expect(host.stream("sim:inertial/buffer0").state.kind).toBe("idle"));
  });

  test("selecting a device turns the focused view and the selector to it", async () => {
    await mountWindow();
    await userEvent.click(row("inertial"));
    await soon(() => expect(row("inertial").ariaSelected).toBe("true"));
    expect(document.querySelector("[data-test=stream-selector]")?.textContent).toContain(
      "sim inertial",
    );
    expect(labels()).toContain("accel_x");
  });

  test("arrow keys walk the tree, open and close it; Space ticks the channel they went to", async () => {
    const { host } = await mountWindow();
    await userEvent.click(row("adc"));
    await userEvent.keyboard("{ArrowDown}{ArrowDown}");
    expect(document.activeElement).toBe(row("voltage1"));
    await userEvent.keyboard(" ");
    await soon(() =>
      expect(asked(host, "stream.configure")).toMatchObject([
        { patch: { channels: ["voltage0"] } },
      ]),
    );
    await userEvent.keyboard("{ArrowLeft}");
    expect(document.activeElement).toBe(row("adc"));
    await userEvent.keyboard("{ArrowLeft}");
    await soon(() => expect(row("adc").ariaExpanded).toBe("false"));
    expect(labels()).not.toContain("voltage0");
    await userEvent.keyboard("{ArrowRight}");
    await soon(() => expect(labels()).toContain("voltage0"));
  });

  test("after a click on a row Space runs the stream, as everywhere", async () => {
    const { host } = await mountWindow();
    await userEvent.click(row("voltage0"));
    await userEvent.keyboard(" ");
    await soon(() => expect(host.stream(ADC).state.kind).toBe("running"));
    expect(asked(host, "stream.configure")).toEqual([]);
  });

  test("F2 renames a channel; Esc leaves it", async () => {
    const { host } = await mountWindow();
    await userEvent.click(row("adc"));
    await userEvent.keyboard("{ArrowDown}{F2}");
    await soon(() => expect(document.activeElement?.className).toContain("editor"));
    await userEvent.keyboard("supply{Enter}");
    await soon(() => expect(labels()).toContain("supply"));
    expect(asked(host, "device.label")).toEqual([
      { device: "sim:adc", channel: "voltage0", label: "supply" },
    ]);
    await soon(() => expect(document.activeElement).toBe(row("supply")));
    await userEvent.keyboard("{F2}x{Escape}");
    await soon(() => expect(labels()).toContain("supply"));
    expect(asked(host, "device.label")).toHaveLength(1);
  });

  test("a name that was left as it is becomes no label; who goes elsewhere stays there", async () => {
    const { host } = await mountWindow();
    await userEvent.click(row("adc"));
    await userEvent.keyboard("{ArrowDown}{F2}");
    await soon(() => expect(document.activeElement?.className).toContain("editor"));
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(document.activeElement).toBe(row("voltage0")));
    await userEvent.keyboard("{F2}");
    await soon(() => expect(document.activeElement?.className).toContain("editor"));
    await userEvent.keyboard("supply");
    await userEvent.click(document.querySelector("#device-filter")!);
    await soon(() => expect(labels()).toContain("supply"));
    expect(asked(host, "device.label")).toEqual([
      { device: "sim:adc", channel: "voltage0", label: "supply" },
    ]);
    await userEvent.keyboard("v");
    expect(document.querySelector<HTMLInputElement>("#device-filter")!.value).toBe("v");
  });

  test("a button in a note is pressed by Enter, whichever row had the focus before", async () => {
    await mountWindow();
    await userEvent.click(row("adc"));
    const link = document.querySelector<HTMLElement>(".tree .note button")!;
    link.focus();
    await userEvent.keyboard("{Enter}");
    await soon(() =>
      expect(document.querySelector("[role=dialog]")?.textContent).toContain("what is missing"),
    );
  });

  test("two channels are joined to a pair, swapped and parted by hand", async () => {
    const { host } = await mountWindow();
    await menuOf("voltage0", "Join as I with voltage1 as Q");
    await soon(() => expect(labels()).toContain("voltage0 + j voltage1"));
    await menuOf("voltage0 + j voltage1", "Swap I and Q");
    await soon(() => expect(labels()).toContain("voltage1 + j voltage0"));
    await menuOf("voltage1 + j voltage0", "Part into two channels");
    await soon(() => expect(labels()).not.toContain("voltage1 + j voltage0"));
    expect(asked(host, "device.pair").map((p) => (p as { action: string }).action)).toEqual([
      "join",
      "swap",
      "part",
    ]);
  });

  test("a device is linked to another from its menu", async () => {
    const { host } = await mountWindow();
    await menuOf("adc", "Link to inertial");
    await soon(() =>
      expect(asked(host, "device.link")).toEqual([
        { device: "sim:adc", to: "sim:inertial", linked: true },
      ]),
    );
  });

  test("the filter keeps devices and recordings that are called so, and says when none is", async () => {
    await mountWindow({ devices: bench() });
    const filter = document.querySelector<HTMLInputElement>("#device-filter")!;
    await userEvent.fill(filter, "adxl");
    await soon(() => expect(labels().filter((l) => l === "adc")).toEqual([]));
    expect(labels()).toContain("adxl355");
    expect(labels().some((label) => label?.endsWith("adxl355") && label.startsWith("11-19"))).toBe(
      true,
    );
    await userEvent.fill(filter, "nosuch");
    await soon(() =>
      expect(document.querySelector("[role=tree]")?.textContent).toContain("Nothing is called"),
    );
  });

  test("a device that goes stays with a cross and the minute; one that comes appears", async () => {
    const { host } = await mountWindow(onConverter());
    host.unplug("local:iio:device4");
    await soon(() => expect(row("adxl355").textContent).toMatch(/unplugged \d\d:\d\d/));
    expect(row("adxl355").querySelector("[aria-label=gone]")).not.toBeNull();

    const added = {
      ...host.device("sim:adc"),
      id: "local:iio:device9",
      context: "local",
      name: "ad4020",
    };
    host.emit("device", { device: added });
    await soon(() => expect(labels()).toContain("ad4020"));
    host.emit("device.removed", { device: "local:iio:device9" });
    await soon(() => expect(labels()).not.toContain("ad4020"));
  });

  test("channels are fixed while recording: it asks, and goes on in a new recording", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
    await userEvent.click(check("voltage2"));
    await soon(() => expect(document.querySelector("[role=alertdialog]")).not.toBeNull());
    const no = [...document.querySelectorAll("[role=alertdialog] button")].at(0)!;
    await userEvent.click(no);
    await soon(() => expect(document.querySelector("[role=alertdialog]")).toBeNull());
    expect(asked(host, "stream.configure")).toEqual([]);

    await userEvent.click(check("voltage2"));
    await soon(() => expect(document.querySelector("[role=alertdialog]")).not.toBeNull());
    await userEvent.click([...document.querySelectorAll("[role=alertdialog] button")].at(1)!);
    await soon(() =>
      expect(asked(host, "stream.configure")).toMatchObject([{ continueRecording: true }]),
    );
  });

  test("two channels ticked right after one another are both on", async () => {
    const { host, pinia } = await mountWindow();
    slowly(pinia, "stream.configure", 500);
    await userEvent.click(check("voltage2"));
    await userEvent.click(check("voltage3"));
    await soon(() => expect(asked(host, "stream.configure")).toHaveLength(2));
    await soon(() => expect(row("voltage3").ariaChecked).toBe("true"));
    expect(host.stream(ADC).settings.channels).toEqual([
      "voltage0",
      "voltage1",
      "voltage2",
      "voltage3",
    ]);
  });

  test("the offer to go on in a new recording ends with the one it was made for", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector(".lock-line .link")).not.toBeNull());
    await userEvent.click(document.querySelector(".lock-line .link")!);
    await soon(() =>
      expect(document.querySelector(".lock-line")?.textContent).toContain("The next change"),
    );
    host.endRecording(host.stream(ADC), null);
    await soon(() => expect(document.querySelector(".lock-line")).toBeNull());
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector(".lock-line")).not.toBeNull());
    await userEvent.click(check("voltage2"));
    await soon(() => expect(document.querySelector("[role=alertdialog]")).not.toBeNull());
    expect(asked(host, "stream.configure")).toEqual([]);
  });

  test("an opened recording shows what is true of a file, in the words of one", async () => {
    const { host } = await mountWindow({ devices: bench() });
    const recorded = "rec:2026-11-20_10-22-41_ad7768-4";
    await userEvent.click(row("11-20 10:22:41 ad7768-4"));
    const file = () => document.querySelector('[data-section="file"]');
    await soon(() => expect(file()?.textContent).toContain("Scans"));
    expect(file()!.textContent).toContain("DMABUF, system");
    expect(file()!.querySelector("input")).toBeNull();
    for (const section of ["buffer", "transport", "trigger"])
      expect(document.querySelector(`[data-section="${section}"]`)).toBeNull();
    expect(document.querySelector(".status")?.textContent).toContain("recorded file");
    const selector = document.querySelector("[data-test=stream-selector]")!;
    expect(selector.querySelector('[aria-label="recorded file"]')).not.toBeNull();

    const { attributes } = host.device(recorded);
    attributes[0]!.value = { state: "failed", error: { code: "NOT_READ", message: "In use." } };
    host.changed(recorded);
    const first = () => document.querySelector(".inspector [data-attribute]");
    await soon(() => expect(first()?.textContent).toContain("–, not recorded"));
    expect(document.querySelector(".inspector .refusal")).toBeNull();
  });

  test("a recording opens in a view of its own", async () => {
    const { host } = await mountWindow({ devices: bench() });
    await userEvent.click(row("11-20 11:58:03 ad9361"));
    await soon(() =>
      expect(asked(host, "recording.open")).toEqual([{ name: "2026-11-20_11-58-03_ad9361" }]),
    );
    await soon(() => expect(document.querySelectorAll("[role=tab]")).toHaveLength(2));
  });

  test("what was open stays open when a recording is opened", async () => {
    await mountWindow();
    expect(labels()).toContain("voltage0");
    await userEvent.click(row("11-20 11:58:03 ad9361"));
    await soon(() => expect(document.querySelectorAll("[role=tab]")).toHaveLength(2));
    expect(row("adc").getAttribute("aria-expanded")).toBe("true");
  });

  test("recordings are listed by the names they were given, two of one minute apart", async () => {
    const list = oldRecordings();
    const [first, second] = list as [RecordingEntry, RecordingEntry];
    second.name = "2026-11-20_11-58-41_ad9361";
    const named = { ...first, name: "bench 3", device: "rec:bench 3" };
    const begun = { ...named, name: "begun", device: "rec:begun", startedAtMs: 0 };
    await mountWindow({ recordings: [named, begun, first, second] });
    expect(labels()).toEqual(
      expect.arrayContaining([
        "bench 3",
        "begun",
        "11-20 11:58:03 ad9361",
        "11-20 11:58:41 ad9361",
      ]),
    );
    expect(row("bench 3").querySelector(".secondary")?.textContent).toBe("11-20 11:58");
    expect(row("begun").textContent).not.toContain("01-01");
  });

  test("a recording is renamed, and deleted only after a question", async () => {
    const { host } = await mountWindow();
    await menuOf("11-20 11:58:03 ad9361", "Rename…");
    const editor = () => document.querySelector<HTMLInputElement>(".editor")!;
    await soon(() => expect(editor()?.value).toBe("2026-11-20_11-58-03_ad9361"));
    await userEvent.fill(editor(), "bench 3");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(labels()).toContain("bench 3"));
    // The row has another key now, and the focus all the same.
    await soon(() => expect(document.activeElement).toBe(row("bench 3")));
    await menuOf("bench 3", "Delete…");
    const question = () => document.querySelector("[role=alertdialog]");
    await soon(() => expect(question()?.textContent).toContain("Delete “bench 3”?"));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(question()).toBeNull());
    expect(asked(host, "recording.delete")).toEqual([]);
    await menuOf("bench 3", "Delete…");
    await soon(() => expect(question()).not.toBeNull());
    await userEvent.click(question()!.querySelector(".primary")!);
    await soon(() => expect(asked(host, "recording.delete")).toEqual([{ name: "bench 3" }]));
    await soon(() => expect(labels()).not.toContain("bench 3"));
  });

  test("a hash that is worked out shows how far it is, of an earlier session too", async () => {
    const { host } = await mountWindow();
    const name = "2026-11-20_11-58-03_ad9361";
    host.emit("recording.hash", { name, done: 0.427 });
    await soon(() => expect(row("11-20 11:58:03 ad9361").textContent).toContain("SHA-512 42 %"));
    expect(document.querySelector("[data-test=hash]")?.textContent).toContain("42 %");
    host.emit("recording.hash", { name, done: null });
    await soon(() => expect(document.querySelector("[data-test=hash]")).toBeNull());
    expect(row("11-20 11:58:03 ad9361").textContent).toContain("12.4 GB");
  });

  test("the tree speaks of itself: roles, levels, one row that Tab reaches", async () => {
    await mountWindow();
    expect(row("Simulator").getAttribute("aria-level")).toBe("1");
    expect(row("adc").getAttribute("aria-level")).toBe("2");
    expect(row("voltage0").getAttribute("aria-level")).toBe("3");
    expect(document.querySelectorAll('[role=treeitem][tabindex="0"]')).toHaveLength(1);
  });
});
