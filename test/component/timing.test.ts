import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { ADC, asked, field, mountWindow, sentenceBeside, soon } from "./window.js";

const patches = (host: Parameters<typeof asked>[0]) =>
  asked(host, "stream.configure").map((params) => (params as { patch: unknown }).patch);

async function typeInto(input: HTMLElement, text: string): Promise<void> {
  await userEvent.click(input);
  await userEvent.fill(input, text);
  await userEvent.keyboard("{Enter}");
}

describe("priority and CPUs of the acquisition thread", () => {
  test("are set under Advanced, and taken back by emptying the field", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("{Alt>}b{/Alt}");
    await soon(() => field("Real-time priority"));
    expect(field("Real-time priority").value).toBe("off");
    await typeInto(field("Real-time priority"), "40");
    await soon(() => expect(patches(host)).toEqual([{ realtime: { priority: 40, cpus: [] } }]));
    await typeInto(field("CPUs of the acquisition thread"), "2, 0-1");
    await soon(() =>
      expect(patches(host).at(-1)).toEqual({ realtime: { priority: 40, cpus: [0, 1, 2] } }),
    );
    await soon(() => expect(field("CPUs of the acquisition thread").value).toBe("0-2"));
    await typeInto(field("Real-time priority"), "");
    await soon(() =>
      expect(patches(host).at(-1)).toEqual({ realtime: { priority: 0, cpus: [0, 1, 2] } }),
    );
  });

  test("are refused beside their field where they make no sense", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("{Alt>}b{/Alt}");
    await soon(() => field("Real-time priority"));
    await typeInto(field("Real-time priority"), "100");
    await soon(() => expect(sentenceBeside(field("Real-time priority"))).toContain("1 to 99"));
    await typeInto(field("CPUs of the acquisition thread"), "first");
    await soon(() =>
      expect(sentenceBeside(field("CPUs of the acquisition thread"))).toContain("2,3 or 0-3"),
    );
    expect(patches(host)).toEqual([]);
  });

  test("that the system refused are said in the panel, with the fix", async () => {
    const { host } = await mountWindow();
    const note = "Real-time priority 40 is not in force: this user may have at most 0 (ulimit -r).";
    host.emit("stream", { stream: { ...host.stream(ADC).info(), notes: [note] } });
    await soon(() =>
      expect(document.querySelector(".inspector .note")?.textContent ?? "").toContain(note),
    );
  });
});

describe("latency", () => {
  test("stands in the buffer panel while it runs, and in the tooltip of the status bar", async () => {
    await mountWindow();
    expect(document.querySelector(".latency")).toBeNull();
    await userEvent.keyboard(" ");
    const rows = () =>
      [...document.querySelectorAll(".latency tbody tr")].map((tr) =>
        [...tr.children].map((td) => td.textContent?.trim()),
      );
    await soon(() =>
      expect(rows().slice(0, 3)).toEqual([
        ["Handed over", "42.0µs", "95.0µs", "1.20ms"],
        ["Summarised", "310µs", "640µs", "4.10ms"],
        ["In a picture", "12.0ms", "19.0ms", "31.0ms"],
      ]),
    );
    await soon(() => expect(rows()[3]?.[0]).toBe("On the screen"));
    await soon(() =>
      expect(document.querySelector<HTMLElement>("[data-test=fps]")!.title).toContain(
        "On the screen: ",
      ),
    );
  });
});
