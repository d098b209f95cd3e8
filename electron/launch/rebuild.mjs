// npm run dev: what is done when a source changes.

/** Whether a file of a watched folder is a source: the addon is built beside its own. */
export function isSource(folder, file) {
  return !(folder === "native" && /^build(\/|$)/.test(file ?? ""));
}

/**
 * Answers what is to be called at each change: some moments later all is built and what runs is restarted. What changes
 * meanwhile is built after that. What can't be built is told, and what ran goes on.
 */
export function rebuilder({ build, restart, tell, delayMs = 300 }) {
  let timer;
  let busy = false;
  let again = false;
  const turn = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      await build();
      restart();
    } catch (thrown) {
      tell(thrown);
    }
    busy = false;
    if (again) changed();
  };
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void turn(), delayMs);
  };
  return changed;
}

/**
 * A process that is started anew once the one before has ended, and once only, however often that is asked meanwhile.
 * `start` answers a child process.
 */
export function oneAtATime(start) {
  let child = null;
  let comes = false;
  let stopped = false;
  const isRunning = () => child !== null && child.exitCode === null && child.signalCode === null;
  const begin = () => {
    comes = false;
    if (!stopped) child = start();
  };
  return {
    restart() {
      if (!isRunning()) return begin();
      if (comes) return;
      comes = true;
      child.once("exit", begin);
      child.kill("SIGTERM");
    },
    /** For good. */
    stop() {
      stopped = true;
      if (isRunning()) child.kill("SIGTERM");
    },
  };
}
