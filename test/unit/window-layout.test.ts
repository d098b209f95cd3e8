import { describe, expect, it } from "vitest";
import { layoutText, parseLayout, stateKey, type WindowLayout } from "../../renderer/lib/layout.js";

/** A window that shows one stream and has kept something for `count` recordings, each `chars` long. */
function layoutWith(count: number, chars: number): WindowLayout {
  const layout = parseLayout("");
  layout.rows = [
    [{ id: "g", tabs: [{ id: "v", kind: "scope", stream: "sim:adc/buffer0" }], active: "v" }],
  ];
  layout.viewState[stateKey("v", "sim:adc/buffer0")] = { levels: "x".repeat(chars) };
  for (let n = 0; n < count; n++) {
    layout.viewState[stateKey("v", `rec:take ${n}/buffer0`)] = { levels: "x".repeat(chars) };
  }
  return layout;
}

describe("the layout as it is kept", () => {
  it("is whole as long as there is room", () => {
    const layout = layoutWith(20, 100);
    expect(parseLayout(layoutText(layout, 10_000))).toEqual(layout);
  });

  it("lets go of what is not shown, the oldest first, where it would be too long", () => {
    const text = layoutText(layoutWith(200, 1000), 50_000);
    expect(text.length).toBeLessThanOrEqual(50_000);
    expect(text.length).toBeGreaterThan(45_000);
    const { viewState, rows } = parseLayout(text);
    expect(rows).toHaveLength(1);
    const keys = Object.keys(viewState);
    expect(keys[0]).toBe("v sim:adc/buffer0");
    expect(keys.at(-1)).toBe("v rec:take 199/buffer0");
    expect(keys.slice(1)).toEqual(
      Array.from(
        { length: keys.length - 1 },
        (_, n) => `v rec:take ${201 - keys.length + n}/buffer0`,
      ),
    );
  });

  it("is kept at all though a single view has more to say than fits", () => {
    const layout = layoutWith(0, 60_000);
    for (let n = 0; n < 5000; n++) layout.expanded[`local:iio:device${n}`] = true;
    const text = layoutText(layout, 50_000);
    expect(text.length).toBeLessThanOrEqual(50_000);
    expect(parseLayout(text).rows).toEqual(layout.rows);
  });
});
