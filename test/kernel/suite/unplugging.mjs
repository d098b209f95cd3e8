// Takes a device away while something goes on, and brings it back.

import { deviceFolder, dmabufBytes, setPresent } from "./driver.mjs";
import { until } from "./studio.mjs";

/**
 * Plugs it in again, whatever the test did, and holds the memory of blocks to what it was. `spared`: bytes that may stay.
 * Answers how many did.
 */
export async function unplugged(name, body, spared = 0) {
  const before = dmabufBytes();
  try {
    await body(() => setPresent(name, false));
  } finally {
    setPresent(name, true);
    await until(() => deviceFolder(name), "the device to be back");
  }
  const left = () => dmabufBytes() - before;
  const freed = () => left() === 0;
  if (spared > 0) await until(freed, "", 30).catch(() => undefined);
  if (left() > spared) await until(freed, () => `the blocks to be freed (${left()} bytes)`);
  return left();
}
