/** Groups: streams that are recorded together. */
import { defineStore } from "pinia";
import { ref, shallowReactive } from "vue";
import { groupLines } from "../../shared/group-words.js";
import type { GroupStatus } from "../../shared/group.js";
import type { RequestParams } from "../../shared/messages.js";
import type { StreamId } from "../../shared/stream.js";
import { useConnection } from "./connection.js";
import type { EventSource } from "./event-gate.js";
import { useInventory } from "./inventory.js";
import { useNotices } from "./notices.js";
import { useRecordings } from "./recordings.js";
import { isActive, useStreams } from "./streams.js";
import { useWindow } from "./window.js";

export const useGroups = defineStore("groups", () => {
  const connection = useConnection();
  const inventory = useInventory();
  const recordings = useRecordings();
  const streams = useStreams();
  const running = shallowReactive(new Map<string, GroupStatus>());
  /** What the dialog proposes to record. */
  const chosen = ref<StreamId[]>([]);

  function listen(host: EventSource): void {
    host.on("group", ({ group }) => put(group));
  }

  function load(groups: GroupStatus[]): void {
    running.clear();
    for (const group of groups) put(group);
  }

  function put(group: GroupStatus): void {
    const { name, state, members, sharedClock } = group;
    if (state.kind === "recording" || state.kind === "finishing") {
      running.set(name, group);
      return;
    }
    running.delete(name);
    // What could not be written is told by the host.
    if (state.kind !== "done" || members.length < 2) return;
    const short = members.map((member) => ({
      ...member,
      name: member.name.startsWith(`${name}-`) ? member.name.slice(name.length + 1) : member.name,
    }));
    useNotices().line({
      level: "info",
      title: `“${name}”: ${members.length} recordings together`,
      detail: groupLines(short, sharedClock).join(" "),
    });
  }

  /** Streams that can be recorded now, in the order of the devices. */
  function candidates(): StreamId[] {
    return inventory.list.flatMap((device) =>
      device.context === "rec" || device.presence === "gone"
        ? []
        : [...streams.infos.values()]
            .filter(({ id, device: of }) => of === device.id && !recordings.running.has(id))
            .map(({ id }) => id),
    );
  }

  /** Those that run, and `also`, are chosen. */
  function open(also?: StreamId): void {
    chosen.value = candidates().filter(
      (stream) => stream === also || isActive(streams.infos.get(stream)),
    );
    useWindow().open("group");
  }

  async function start(request: RequestParams<"group.start">): Promise<void> {
    put(await connection.request("group.start", request));
  }

  async function stop(name: string): Promise<void> {
    await connection.request("group.stop", { name });
  }

  return { running, chosen, listen, load, candidates, open, start, stop };
});
