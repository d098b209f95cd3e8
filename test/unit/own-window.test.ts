/** `serve --open`: only the window that it opened asks before it is closed. */
import { expect, it } from "vitest";
import { portPair } from "../../electron/cli/in-process-port.js";
import { OwnWindow } from "../../electron/cli/own-window.js";
import { StudioClient } from "../../shared/client.js";
import { PROTOCOL } from "../../shared/messages.js";
import { bench, benchForEach } from "./fake/each-bench.js";

benchForEach();

/** What a page is told that connects now. */
async function page(own: OwnWindow): Promise<{ ends: boolean; close: () => void }> {
  const [mine, its] = portPair();
  bench.host.connect(its, own.connected(its));
  const client = new StudioClient(mine);
  const { endsWithWindow } = await client.request("hello", { protocol: PROTOCOL });
  return { ends: endsWithWindow!, close: () => client.close() };
}

it("tells the window that was opened, and no page beside it, that the studio ends with it", async () => {
  const own = new OwnWindow();
  own.opened();
  const [first, second] = [await page(own), await page(own)];
  expect([first.ends, second.ends]).toEqual([true, false]);
  // Loaded anew it is still the one.
  first.close();
  const again = await page(own);
  expect([again.ends, (await page(own)).ends]).toEqual([true, false]);
});

it("tells nobody where no window was opened, or the browser showed none", async () => {
  expect((await page(new OwnWindow())).ends).toBe(false);
  const own = new OwnWindow();
  own.opened();
  own.missing();
  expect((await page(own)).ends).toBe(false);
});
