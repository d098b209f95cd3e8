// npm run bench: see test/bench/main.mjs.
import { at, ROOT } from "./paths.mjs";
import { ensureApt } from "./apt.mjs";
import { main, say } from "./say.mjs";
import { ensureReady } from "./setup.mjs";

await main(async (argv) => {
  await ensureReady();
  const missing = await ensureApt("browser");
  if (missing) say(missing);
  const { bench } = await import(at("test", "bench", "main.mjs"));
  await bench(ROOT, argv);
});
