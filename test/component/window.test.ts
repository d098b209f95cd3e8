import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { simulatedAdc, simulatedInertial } from "../../renderer/dev/fake-simulator.js";
import { parseLayout } from "../../renderer/lib/layout.js";
import { shortRecordingName } from "../../renderer/lib/names.js";
import { useCommands } from "../../renderer/stores/commands.js";
import { useNotices } from "../../renderer/stores/notices.js";
import { useStreams } from "../../renderer/stores/streams.js";
import { useViews } from "../../renderer/stores/views.js";
import type { RecordingResult, RecordingStatus } from "../../shared/recording.js";
import {
  ADC,
  asked,
  bench,
  field,
  mountWindow,
  row,
  sentenceBeside,
  showing,
  soon,
} from "./window.js";

describe("the first start", () => {
  test("has the simulator selected, says so, and runs at one press", async () => {
    const { host } = await mountWindow({ recordings: [] });
    expect(document.querySelector(".empty h2")?.textContent).toBe("The simulator is ready");
    expect(row("adc").ariaSelected).toBe("true");
    expect(document.querySelector("[role=tree]")?.textContent).toContain("No IIO device yet.");
    expect(document.querySelector("[role=tree]")?.textContent).toContain(
      "None yet. R records what is running.",
    );
    await userEvent.click(document.querySelector("[data-test=empty-run]")!);
    await soon(() => expect(host.stream(ADC).state.kind).toBe("running"));
    await soon(() => expect(document.querySelector(".empty")).toBeNull());
  });

  test("writes nothing to a device", async () => {
    const { host } = await mountWindow({ devices: bench() });
    const writing = ["attribute.write", "stream.configure", "stream.start", "device.label"];
    expect(host.asked.filter(({ name }) => writing.includes(name))).toEqual([]);
  });

  test("tells why a device is missing, with the commands that mend it", async () => {
    await mountWindow();
    await userEvent.click(document.querySelector("[role=tree] .link")!);
    await soon(() =>
      expect(document.querySelector("[role=dialog] code")?.textContent).toBe(
        "sudo modprobe iio_simple_dummy",
      ),
    );
  });
});

describe("what went wrong", () => {
  test("a device unplugged while recording: what happened, what is safe, and the focus on the next step", async () => {
    const { host } = await mountWindow({
      devices: bench(),
      settings: { layout: showing("local:iio:device3") },
    });
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(1));
    host.unplug("local:iio:device3");
    await soon(() => expect(document.querySelector(".banner")).not.toBeNull());
    const banner = document.querySelector(".banner")!;
    expect(banner.textContent).toMatch(
      /ad7768-4 was unplugged while recording. The \d+\.\d s before that are safe\./,
    );
    await soon(() =>
      expect(document.activeElement?.textContent?.trim()).toBe("Open the recording"),
    );
    expect(document.querySelector('[data-section="buffer"]')?.textContent).toContain("last state");
    expect(field("sampling_frequency").readOnly).toBe(true);
    expect(field("sampling_frequency").value).toBe("256");
    expect(field("Blocks").value).toBe("64");
    expect(field("Block size").value).toBe("32");
  });

  test("a device that came back is no failure any more", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard(" ");
    await soon(() => expect(host.stream(ADC).state.kind).toBe("running"));
    host.unplug("sim:adc");
    await soon(() => expect(row("adc").textContent).toContain("unplugged"));
    host.plug("sim:adc");
    host.emit("stream", { stream: host.stream(ADC).info() });
    await soon(() => expect(row("adc").querySelector("[aria-label=idle]")).not.toBeNull());
    expect(document.querySelector(".status")?.textContent).toContain("idle");
  });

  test("a stream that cannot start says why in its view, with the command that mends it", async () => {
    const { host } = await mountWindow();
    const stream = host.stream(ADC);
    stream.fail({
      code: "EBUSY",
      message: "Another program holds the buffer: iiod (812).",
      fix: "sudo systemctl stop iiod",
    });
    host.emit("stream", { stream: stream.info() });
    await soon(() =>
      expect(document.querySelector(".empty h2")?.textContent).toBe("adc did not start"),
    );
    expect(document.querySelector(".empty")?.textContent).toContain("iiod (812)");
    expect(document.querySelector(".empty code")?.textContent).toBe("sudo systemctl stop iiod");
  });

  test("a simulated device that is gone is plugged in again from its empty view", async () => {
    const { host } = await mountWindow();
    host.unplug("sim:adc");
    const plug = () => document.querySelector<HTMLElement>("[data-test=empty-plug]");
    await soon(() => expect(plug()).not.toBeNull());
    expect(document.querySelector(".empty")?.textContent).not.toContain("Plug it in again:");
    await userEvent.click(plug()!);
    await soon(() => expect(host.device("sim:adc").presence).toBe("present"));
    await soon(() => expect(document.querySelector("[data-test=empty-run]")).not.toBeNull());
  });

  test("a device that went before the window was opened shows what came, and that it is gone", async () => {
    await mountWindow({}, (host) => {
      host.stream(ADC).start(3);
      host.unplug("sim:adc");
    });
    const status = () => document.querySelector("[data-bar=status]")?.textContent;
    await soon(() => expect(status()).toContain("scans came before"));
    expect(status()).toContain("device gone");
    expect(document.querySelector(".empty")).toBeNull();
  });

  test("a recording to which nothing came is said to be none", async () => {
    const { host } = await mountWindow();
    host.emit("recording.ended", {
      status: { stream: ADC, device: "sim:adc", name: "take" } as RecordingStatus,
      result: { name: "take", samples: 0, error: null } as unknown as RecordingResult,
    });
    await soon(() => expect(document.body.textContent).toContain("Nothing was recorded"));
  });

  test("a missing device trigger: the way to choose one comes before running", async () => {
    const inertial = { ...simulatedInertial(), currentTrigger: null };
    const { host } = await mountWindow({
      devices: [inertial],
      settings: { layout: showing("sim:inertial") },
    });
    const heading = () => document.querySelector(".empty h2")?.textContent;
    const stream = host.stream("sim:inertial/buffer0");
    // Somebody pressed Space all the same.
    stream.fail({ code: "EINVAL", message: "It needs a device trigger.", field: "deviceTrigger" });
    host.emit("stream", { stream: stream.info() });
    await soon(() => expect(document.querySelector("[aria-label=failed]")).not.toBeNull());
    expect(heading()).toBe("inertial needs a device trigger");
    expect(document.querySelector("[data-test=empty-run]")).toBeNull();

    await userEvent.keyboard("{Control>}i{/Control}");
    await soon(() => expect(document.querySelector(".inspector")).toBeNull());
    await userEvent.click(document.querySelector("[data-test=empty-trigger]")!);
    await soon(() => expect(document.activeElement?.ariaLabel).toBe("Device trigger"));
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(document.querySelector("[role=option]")).not.toBeNull());
    await userEvent.click(document.querySelector("[role=option]")!);
    // It can run now, and what it was refused for holds no more.
    await soon(() => expect(heading()).toBe("The simulator is ready"));
    expect(document.querySelector("[data-test=empty-run]")?.textContent).toContain("Run");
    expect(document.querySelector("[aria-label=failed]")).toBeNull();
  });

  test("a device trigger without a rate: the focus goes to the rate", async () => {
    const device = simulatedInertial();
    device.triggers[0]!.rateHz = 0;
    await mountWindow({ devices: [device], settings: { layout: showing("sim:inertial") } });
    await userEvent.keyboard("{Alt>}t{/Alt}");
    await soon(() => expect(document.activeElement?.ariaLabel).toBe("Rate of the device trigger"));
  });

  test("what was refused without a field becomes a line that stays until it is closed", async () => {
    const { host } = await mountWindow();
    host.devices.set("sim:adc", { ...host.device("sim:adc"), presence: "gone" });
    await userEvent.keyboard(" ");
    await soon(() =>
      expect(document.querySelector(".lines .line")?.textContent).toContain("Plug it in again"),
    );
    await userEvent.click(document.querySelector(".lines button")!);
    await soon(() => expect(document.querySelector(".lines .line")).toBeNull());
  });

  test("when the host goes, the window says so and what to do", async () => {
    const { host } = await mountWindow();
    host.close();
    await soon(() =>
      expect(document.querySelector("[role=alertdialog]")?.textContent).toContain("Reload"),
    );
  });
});

describe("names", () => {
  test("the history is what the blocks hold, the overview all that came", async () => {
    await mountWindow({}, (fake) => fake.stream(ADC).start(5));
    expect(document.querySelector(".overview .word")?.textContent).toBe("overview");
    const rows = [...document.querySelectorAll('[data-section="buffer"] td:first-child')];
    expect(rows.map((cell) => cell.textContent)).toContain("History");
    expect(document.querySelector(".scope")?.textContent).not.toMatch(/history/i);
  });

  test("a recording is called by its moment and device, another pattern by its whole name", () => {
    expect(shortRecordingName("2026-11-20_12-41-07_ad9361")).toBe("11-20 12:41:07 ad9361");
    expect(shortRecordingName("bench 3")).toBe("bench 3");
  });
});

describe("views and settings", () => {
  test("a view is opened, split and closed; the last one stays", async () => {
    await mountWindow();
    const tabs = () => document.querySelectorAll("[role=tab]").length;
    await userEvent.keyboard("{Alt>}n{/Alt}");
    await soon(() => expect(tabs()).toBe(2));
    await userEvent.keyboard("{Alt>}v{/Alt}");
    await soon(() => expect(document.querySelectorAll(".group")).toHaveLength(2));
    for (let n = 0; n < 3; n++) await userEvent.keyboard("{Alt>}w{/Alt}");
    await soon(() => expect(tabs()).toBe(1));
  });

  test("closing the view in front shows its neighbour and gives it the focus; one behind goes quietly", async () => {
    const { pinia } = await mountWindow();
    const views = useViews(pinia);
    views.open("sim:inertial/buffer0");
    views.open("sim:transceiver/buffer0");
    const front = () => document.querySelector("[role=tab][aria-selected=true]")?.textContent;
    await soon(() => expect(front()).toContain("sim transceiver"));
    await userEvent.keyboard("{Alt>}w{/Alt}");
    await soon(() => expect(front()).toContain("sim inertial"));
    expect(document.querySelector("[data-test=stream-selector]")?.textContent).toContain(
      "sim inertial",
    );
    // The keys of the view that is seen are there.
    expect(useCommands(pinia).byId.has("scope.freeze")).toBe(true);
    views.open("sim:transceiver/buffer0");
    await soon(() => expect(front()).toContain("sim transceiver"));
    await userEvent.click(document.querySelector("[role=tab]")!, { button: "middle" });
    await soon(() => expect(document.querySelectorAll("[role=tab]")).toHaveLength(2));
    expect(front()).toContain("sim transceiver");
    expect(views.focusStream).toBe("sim:transceiver/buffer0");
  });

  test("where the view in front is of a recording that is not open any more, another comes to the front", async () => {
    const tabs = [
      { id: "a", kind: "scope", stream: ADC },
      { id: "b", kind: "scope", stream: "rec:before/buffer0" },
    ];
    const layout = { rows: [[{ id: "g", tabs, active: "b" }]], focusedView: "b" };
    await mountWindow({ settings: { layout: JSON.stringify(layout) } });
    await soon(() => expect(document.querySelector("section.scope")).not.toBeNull());
    expect(document.querySelector("[role=tab]")?.ariaSelected).toBe("true");
  });

  test("of a device with several buffers each can be chosen, and stays when the device is selected", async () => {
    const adc = simulatedAdc();
    adc.buffers.push({ ...adc.buffers[0]!, index: 1 });
    const { host, pinia } = await mountWindow({ devices: [adc] });
    const second = "sim:adc/buffer1";
    useStreams(pinia).load([{ ...host.stream(ADC).info(), id: second, buffer: 1 }]);
    const selector = () => document.querySelector<HTMLElement>("[data-test=stream-selector]")!;
    await userEvent.click(selector());
    const items = () => [...document.querySelectorAll<HTMLElement>("[role=menuitem]")];
    await soon(() => expect(items().some((item) => /buffer1/.test(item.textContent))).toBe(true));
    await userEvent.click(items().find((item) => /buffer1/.test(item.textContent))!);
    await soon(() => expect(selector().textContent).toContain("sim adc buffer1"));
    expect(useViews(pinia).focusStream).toBe(second);
    await userEvent.click(row("adc"));
    expect(useViews(pinia).focusStream).toBe(second);
  });

  test("lines that pass by themselves push none out that stays until it is closed", async () => {
    const { pinia } = await mountWindow();
    const { line } = useNotices(pinia);
    line({ level: "warning", title: "Less than was asked", detail: "" });
    for (let n = 1; n <= 5; n++) line({ level: "info", title: `Kept ${n}`, detail: "" });
    const text = () => document.querySelector(".lines")?.textContent ?? "";
    await soon(() => expect(text()).toContain("Kept 5"));
    expect(text()).toContain("Less than was asked");
    expect(text()).not.toContain("Kept 2");
  });

  test("the layout comes back as it was left", async () => {
    const { host } = await mountWindow();
    await userEvent.click(row("inertial"));
    await soon(() =>
      expect(JSON.parse(host.settings.layout || "{}").selected).toEqual({
        device: "sim:inertial",
        channel: null,
      }),
    );
    const { layout } = host.settings;
    expect(parseLayout(layout).rows[0]?.[0]?.tabs[0]?.stream).toBe("sim:inertial/buffer0");
  });

  test.each(["", "{", "[]", '{"rows":[[{"id":1}]],"expanded":4,"explorerWidth":-3}'])(
    "a broken layout (%s) falls back to a whole one",
    (text) => {
      const layout = parseLayout(text);
      expect(layout.rows).toEqual([]);
      expect(layout.expanded).toEqual({});
      expect(layout.explorerWidth).toBeNull();
    },
  );

  test("a refused folder stays beside its field", async () => {
    await mountWindow();
    await userEvent.keyboard("{Control>},{/Control}");
    await soon(() => expect(document.querySelector("[role=dialog]")).not.toBeNull());
    const folder = field("Folder of recordings");
    await userEvent.fill(folder, "/srv/secret");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(sentenceBeside(folder)).toContain("Choose another folder."));
    expect(folder.value).toBe("/srv/secret");
  });

  test("a folder is looked at while it is typed; an empty one is refused in plain words", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("{Control>},{/Control}");
    await soon(() => expect(document.querySelector("[role=dialog]")).not.toBeNull());
    const folder = field("Folder of recordings");
    const dialog = () => document.querySelector("[role=dialog]")!.textContent;
    await userEvent.fill(folder, "~/new/bench");
    await soon(() => expect(dialog()).toContain("is made when recording begins"));
    await userEvent.fill(folder, "/srv/x");
    await soon(() => expect(sentenceBeside(folder)).toContain("can't be written by you"));
    await userEvent.fill(folder, "");
    await userEvent.keyboard("{Enter}");
    await soon(() =>
      expect(sentenceBeside(folder)).toBe("Recordings need a folder, as in ~/Recordings."),
    );
    expect(asked(host, "settings.set").some((p) => "recordings" in (p as object))).toBe(false);
  });

  test("Esc in a field of a dialog restores the field, and the next one closes", async () => {
    await mountWindow();
    await userEvent.keyboard("{Control>},{/Control}");
    await soon(() => expect(document.querySelector("[role=dialog]")).not.toBeNull());
    const folder = field("Folder of recordings");
    const before = folder.value;
    await userEvent.fill(folder, "/elsewhere");
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(folder.value).toBe(before));
    expect(document.activeElement).toBe(folder);
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(document.querySelector("[role=dialog]")).toBeNull());
  });

  test("the theme changes at a key and is kept by the host", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("t");
    await soon(() => expect(document.documentElement.dataset["theme"]).toBe("light"));
    expect(host.settings.theme).toBe("light");
    await userEvent.keyboard("t");
    await soon(() => expect(document.documentElement.dataset["theme"]).toBe("dark"));
  });

  test("name and note are filled in while it records; a name that is taken is refused beside it", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
    await userEvent.keyboard("n");
    await soon(() => expect(document.querySelector(".popover")).not.toBeNull());
    const name = field("Name of the recording");
    await userEvent.fill(name, "2026-11-20_11-58-03_ad9361");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(sentenceBeside(name)).toContain("Choose another name."));
    await userEvent.fill(name, "bench 3");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(host.recordings.get(ADC)?.name).toBe("bench 3"));
    await userEvent.fill(document.querySelector(".popover textarea")!, "20 dB pad");
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(host.recordings.get(ADC)?.note).toBe("20 dB pad"));
    expect(asked(host, "recording.start")).toHaveLength(1);
  });
});

describe("the session", () => {
  test("an event that comes right behind the greeting is not overwritten by it", async () => {
    const { host } = await mountWindow({}, (fake) => {
      const hello = fake.hello.bind(fake);
      fake.hello = () => {
        const answer = hello();
        // Sent before the answer is: both arrive in one turn, the event first.
        fake.device("sim:inertial").label = "bench sensor";
        fake.changed("sim:inertial");
        return {
          ...answer,
          inventory: {
            ...answer.inventory,
            devices: answer.inventory.devices.map((device) =>
              device.id === "sim:inertial" ? { ...device, label: "" } : device,
            ),
          },
        };
      };
    });
    expect(host.device("sim:inertial").label).toBe("bench sensor");
    await soon(() => expect(row("bench sensor")).toBeDefined());
  });

  test("switching the simulator off takes its context away, and on again brings it back", async () => {
    const { host } = await mountWindow();
    host.settings.simulator = false;
    host.emit("settings", { settings: host.settings });
    await soon(() => expect(() => row("Simulator")).toThrow());
    host.settings.simulator = true;
    host.emit("settings", { settings: host.settings });
    await soon(() => expect(row("Simulator")).toBeDefined());
  });

  test("closing a recording takes its device and its view away", async () => {
    const { host } = await mountWindow({ devices: bench() });
    await userEvent.click(row("11-20 11:58:03 ad9361"));
    await soon(() => expect(document.querySelectorAll("[role=tab]")).toHaveLength(2));
    host.closeRecording("2026-11-20_11-58-03_ad9361");
    await soon(() => expect(document.querySelectorAll("[role=tab]")).toHaveLength(1));
  });
});

describe("panels", () => {
  test("are widened by key at their edge, within bounds, and reset by a double-click", async () => {
    await mountWindow();
    const grip = document.querySelector<HTMLElement>(
      '[role=separator][aria-label^="Width of the inspector"]',
    )!;
    const width = () => document.querySelector<HTMLElement>(".inspector")!.offsetWidth;
    const before = width();
    grip.focus();
    await userEvent.keyboard("{ArrowLeft}{ArrowLeft}");
    await soon(() => expect(width()).toBe(before + 32));
    await userEvent.dblClick(grip);
    await soon(() => expect(width()).toBe(before));
  });

  test("give way and come back at a key", async () => {
    await mountWindow();
    await userEvent.keyboard("{Control>}b{/Control}");
    await soon(() => expect(document.querySelector("[role=tree]")).toBeNull());
    await userEvent.keyboard("/");
    await soon(() => expect(document.activeElement?.id).toBe("device-filter"));
  });
});
