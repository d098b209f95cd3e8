/** Every action of the scope by key and by name. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useCommands } from "../../renderer/stores/commands.js";
import { asked, bench, CONVERTER, field, mountWindow, showing, soon } from "./window.js";

const STREAM = `${CONVERTER}/buffer0`;
const one = (selector: string) => document.querySelector<HTMLElement>(selector);
const sweep = () => one('[aria-label="Sweep"] [aria-checked="true"]')?.textContent?.trim();

async function triggered() {
  const mounted = await mountWindow({
    devices: bench(),
    settings: { layout: showing(CONVERTER) },
  });
  await userEvent.keyboard(" ");
  await soon(() => expect(mounted.host.stream(STREAM).trigger).not.toBeNull());
  await soon(() => expect(one('[aria-label="Trigger level"]')).not.toBeNull());
  return mounted;
}

describe("keys of the scope", () => {
  test("every command of a view has one, and none has two meanings", async () => {
    const { pinia } = await triggered();
    const commands = useCommands(pinia).list;
    const scope = commands.filter(({ id }) => id.startsWith("scope."));
    expect(scope.length).toBeGreaterThan(15);
    expect(scope.filter(({ keys }) => !keys?.length).map(({ id }) => id)).toEqual([]);
    const taken = new Map<string, string[]>();
    for (const { id, keys } of commands)
      for (const key of keys ?? []) taken.set(key, [...(taken.get(key) ?? []), id]);
    const shared = [...taken].filter(([, ids]) => ids.length > 1);
    // Run and Stop are one key, of which only one can act; Esc takes back what was begun or asked.
    expect(shared).toEqual([
      ["Space", ["stream.run", "stream.stop"]],
      ["Esc", ["stream.cancelStart", "recording.goOn"]],
    ]);
  });

  test("7, 8 and 9 are the sweeps", async () => {
    await triggered();
    for (const [key, label] of [
      ["8", "Normal"],
      ["9", "Roll"],
      ["7", "Auto"],
    ] as const) {
      await userEvent.keyboard(key);
      await soon(() => expect(sweep()).toBe(label));
    }
  });

  test("0 takes the trigger off, E turns its edge, Shift+E takes the next trace", async () => {
    const { host } = await triggered();
    const stream = host.stream(STREAM);
    expect(stream.trigger).toMatchObject({ edge: "rising", trace: { channel: "voltage0" } });
    await userEvent.keyboard("e");
    await soon(() => expect(stream.trigger?.edge).toBe("falling"));
    await soon(() => expect(one('[aria-label="Edge: falling"]')).not.toBeNull());
    await userEvent.keyboard("{Shift>}E{/Shift}");
    await soon(() =>
      expect(stream.trigger).toMatchObject({ edge: "falling", trace: { channel: "voltage1" } }),
    );
    await userEvent.keyboard("0");
    await soon(() => expect(stream.trigger).toBeNull());
    await soon(() => expect(one('[aria-label="Edge: falling"]')).toBeNull());
    const before = asked(host, "stream.trigger").length;
    await userEvent.keyboard("0");
    await userEvent.keyboard("{Shift>}E{/Shift}");
    await soon(() => expect(stream.trigger?.trace.channel).toBe("voltage0"));
    expect(asked(host, "stream.trigger")).toHaveLength(before + 1);
  });

  test("the palette finds sweeps and trigger with their keys", async () => {
    await triggered();
    await userEvent.keyboard("{Control>}{Shift>}P{/Shift}{/Control}");
    await soon(() => expect(one("[role=listbox]")).not.toBeNull());
    await userEvent.keyboard("sweep roll");
    await soon(() => expect(one("[role=option]")?.textContent).toMatch(/Sweep: roll.*9/));
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(sweep()).toBe("Roll"));
  });

  test("a sweep's tooltip shows its key", async () => {
    await triggered();
    const normal = [...document.querySelectorAll('[aria-label="Sweep"] [role=radio]')][1]!;
    await userEvent.hover(normal);
    await soon(() => expect(one(".tip kbd")?.textContent).toBe("8"));
  });
});

describe("the trigger's hysteresis", () => {
  test("is set in the settings that H opens; a negative one is refused beside its field", async () => {
    const { host } = await triggered();
    const stream = host.stream(STREAM);
    const before = stream.trigger!;
    await userEvent.keyboard("h");
    await soon(() => expect(field("Trigger hysteresis")).toBeTruthy());
    await userEvent.fill(field("Trigger hysteresis"), "-1");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(one(".popover .refusal")?.textContent).toContain("0 or more"));
    expect(stream.trigger).toEqual(before);
    await userEvent.fill(field("Trigger hysteresis"), "250 mV");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(stream.trigger).toEqual({ ...before, hysteresis: 0.25 }));
    await soon(() => expect(one(".popover .refusal")).toBeNull());
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(one(".popover")).toBeNull());
  });
});
