/** Parts and rings in the record options: asked for as typed, and refused beside the field where they do not go together. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useSettings } from "../../renderer/stores/settings.js";
import { openOptions, options, type } from "./record-options.js";
import {
  ADC,
  asked,
  field,
  mountWindow,
  sentenceBeside,
  soon,
  type MountedWindow,
} from "./window.js";

const PART = "A new part after";
const RING = "Ring: only the last";

async function open(): Promise<MountedWindow> {
  const mounted = await mountWindow();
  await openOptions();
  return mounted;
}

describe("parts and a ring", () => {
  test("are asked for as they were typed", async () => {
    const { host } = await open();
    await type(PART, "1 GB");
    await type(RING, "10 GB");
    await soon(() => expect(field(RING).value).toBe("10 GB"));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(options()).toBeNull());
    await userEvent.keyboard("r");
    await soon(() =>
      expect(asked(host, "recording.start")).toEqual([
        {
          stream: ADC,
          split: { kind: "bytes", bytes: 1e9 },
          ring: { kind: "bytes", bytes: 1e10 },
        },
      ]),
    );
  });

  test("are refused beside the field where the ring does not hold two parts", async () => {
    await open();
    await type(PART, "1 GB");
    await type(RING, "1 GB");
    await soon(() => expect(sentenceBeside(field(RING))).toContain("at least two parts"));
    expect(useSettings().layout.record.ring).toBeNull();
    await type(RING, "4 GB");
    await soon(() => expect(field(RING).value).toBe("4 GB"));
    await type(PART, "1h");
    await soon(() => expect(sentenceBeside(field(PART))).toContain("at least two parts"));
    expect(useSettings().layout.record.split).toEqual({ kind: "bytes", bytes: 1e9 });
  });

  test("are said not to hold where each capture is a recording of its own", async () => {
    await open();
    await type(PART, "1 GB");
    const { trigger } = useSettings().layout.record;
    trigger.on = true;
    await soon(() => expect(options()!.textContent).toContain("Each part is a recording"));
    trigger.each = true;
    await soon(() => expect(options()!.textContent).toContain("so neither holds"));
  });
});
