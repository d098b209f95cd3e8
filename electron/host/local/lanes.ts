/**
 * Reads many files of one device without one slow file costing the others: the next thread sets in when the one before
 * is held up. None of them is the thread that sets up, starts and stops the buffer.
 */
import type { Sysfs } from "./sysfs.js";

/** Beyond these the driver is slow altogether. */
const MOST_LANES = 3;
/** A read that takes longer holds its thread up. */
const PATIENCE_MS = 100;

export type LaneState = "waiting" | "reading" | "done";

export class ReadingLanes {
  private readonly lanes: Sysfs[] = [];

  constructor(private readonly open: (lane: number) => Sysfs) {}

  /**
   * Calls `read` for each path until all are done or the deadline is over, and answers how far each came. A read under
   * way at the deadline goes on by itself.
   */
  async run(
    paths: readonly string[],
    deadlineMs: number,
    read: (path: string, lane: Sysfs) => Promise<void>,
  ): Promise<ReadonlyMap<string, LaneState>> {
    const states = new Map<string, LaneState>(paths.map((path) => [path, "waiting"]));
    const queue = [...paths];
    const timers = new Set<NodeJS.Timeout>();
    const after = (ms: number, then: () => void) => timers.add(setTimeout(then, ms));
    let over = false;
    await new Promise<void>((finish) => {
      let running = 0;
      const work = async (lane: number): Promise<void> => {
        running++;
        for (let path = queue.shift(); path !== undefined && !over; path = queue.shift()) {
          const current = path;
          states.set(current, "reading");
          const held = setTimeout(() => {
            if (!over && lane + 1 < MOST_LANES && started === lane + 1) begin(lane + 1);
          }, PATIENCE_MS);
          timers.add(held);
          await read(current, this.lane(lane));
          clearTimeout(held);
          timers.delete(held);
          if (!over) states.set(current, "done");
        }
        running--;
        if (running === 0) finish();
      };
      let started = 0;
      const begin = (lane: number): void => {
        started = lane + 1;
        void work(lane);
      };
      after(deadlineMs, finish);
      begin(0);
    });
    over = true;
    for (const timer of timers) clearTimeout(timer);
    return states;
  }

  private lane(index: number): Sysfs {
    return (this.lanes[index] ??= this.open(index));
  }

  close(): void {
    for (const lane of this.lanes) lane.close();
    this.lanes.length = 0;
  }
}
