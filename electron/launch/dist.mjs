// npm run dist [-- TARGET…]: packages of the studio. Without targets: what this machine's tools can make.
//   dir        always
//   deb        needs fpm, which electron-builder downloads
//   AppImage   needs its tools, which electron-builder downloads
import { main, say, step } from "./say.mjs";
import { ensureReady } from "./setup.mjs";
import { findElectron, obtainElectron } from "./electron-runtime.mjs";
import { distStatus, readTargets } from "./choose-targets.mjs";
import { dirname } from "node:path";

await main(async (argv) => {
  const targets = readTargets(argv);
  await ensureReady();
  const runtime = await obtainElectron({ force: true });
  if (!runtime.program) {
    say(`Packages need Electron's runtime, which is not here (${runtime.reason}).`);
    say("Put it where the network can't: ELECTRON_OVERRIDE_DIST_PATH=FOLDER npm run dist");
    return 1;
  }
  const { build, Platform } = await import("electron-builder");
  const made = [];
  const failed = [];
  for (const target of targets) {
    step(`packing ${target}`);
    try {
      made.push(
        ...(await build({
          targets: Platform.LINUX.createTarget(target),
          config: { electronDist: dirname(findElectron()) },
          publish: "never",
        })),
      );
    } catch (error) {
      failed.push(`${target}: ${error.message.split("\n")[0]}`);
    }
  }
  for (const file of made) say(`  ${file}`);
  for (const reason of failed) say(`  not made: ${reason}`);
  return distStatus(argv, targets, failed);
});
