/** A view as wide as it is: its strip and its table stay within it, and all that can be pressed is in reach. */
import { page, userEvent } from "vitest/browser";
import { afterEach, describe, expect, test } from "vitest";
import { mountWindow, row, soon } from "./window.js";

const TRANSCEIVER = "sim:transceiver/buffer0";
const all = (selector: string, within: ParentNode = document) => [
  ...within.querySelectorAll<HTMLElement>(selector),
];
const views = () => all("section.scope");

/** What of a view's controls is covered, cut, or beside it. */
function outOfReach(view: HTMLElement): string[] {
  const own = view.getBoundingClientRect();
  return all("button, input, [role=combobox], [role=slider]", view)
    .filter((control) => control.offsetWidth > 0)
    .filter((control) => {
      const { x, y, width, height, left, right } = control.getBoundingClientRect();
      const hit = document.elementFromPoint(x + width / 2, y + height / 2);
      const seen =
        hit !== null &&
        (control.contains(hit) || hit.closest(".field") === control.closest(".field"));
      return !seen || left < own.left || right > own.right + 0.5;
    })
    .map((control) => control.ariaLabel ?? control.textContent?.trim() ?? "");
}

/** Live views of a stream that has the most to set: a pair of channels and a trigger. */
async function openViews(count: number, split: string): Promise<void> {
  const { host } = await mountWindow();
  await userEvent.click(row("transceiver"));
  await userEvent.keyboard(" ");
  await soon(() => expect(host.stream(TRANSCEIVER).state.kind).toBe("running"));
  for (let k = 1; k < count; k++) {
    await userEvent.keyboard(split);
    await soon(() => expect(views()).toHaveLength(k + 1));
  }
  await soon(() =>
    views().forEach((view) => {
      expect(view.querySelector('[aria-label="Trigger level"]')).not.toBeNull();
      expect(view.querySelector('[aria-label^="Drawn of"]')).not.toBeNull();
    }),
  );
}

afterEach(() => page.viewport(1680, 1050));

describe.each([
  [1280, 800],
  [1680, 1050],
])("at %d by %d", (width, height) => {
  test.each([1, 2, 4])("%d views side by side have every control in reach", async (count) => {
    await page.viewport(width, height);
    await openViews(count, "{Alt>}v{/Alt}");
    await soon(() => expect(views().map(outOfReach)).toEqual(views().map(() => [])));
  });

  test("two views side by side have the whole table, and one line less of the plot", async () => {
    await page.viewport(width, height);
    await openViews(2, "{Alt>}v{/Alt}");
    await soon(() => {
      for (const table of all(".figures")) {
        if (!table.closest(".scope")) continue;
        expect(table.scrollWidth).toBeLessThanOrEqual(table.clientWidth);
      }
      const heights = views().map(
        (view) => view.querySelector<HTMLElement>(".strip")!.offsetHeight,
      );
      for (const strip of heights) expect(strip).toBeLessThanOrEqual(64);
    });
  });

  test("one view has its strip in one line", async () => {
    await page.viewport(width, height);
    await openViews(1, "");
    await soon(() => expect(all(".scope .strip")[0]!.offsetHeight).toBe(30));
  });
});

test("the mark can be taken off where a view is narrow", async () => {
  await page.viewport(1280, 800);
  await openViews(4, "{Alt>}v{/Alt}");
  const catcher = all(".scope-plot .catcher")[0]!;
  await userEvent.click(catcher, { position: { x: 90, y: 100 } });
  await soon(() => expect(all(".mark-line")).toHaveLength(1));
  await userEvent.hover(catcher, { position: { x: 150, y: 20 } });
  await soon(() => expect(all('[data-test="pointer-difference"]')).toHaveLength(1));
  expect(outOfReach(views()[0]!)).toEqual([]);
  await userEvent.click(all('[aria-label="Take mark A off"]')[0]!);
  await soon(() => expect(all(".mark-line")).toHaveLength(0));
});
