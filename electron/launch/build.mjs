import { ensureReady } from "./setup.mjs";
import { main, step } from "./say.mjs";

await main(async () => {
  await ensureReady();
  step("built");
});
