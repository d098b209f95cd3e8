/** Keeping what has just happened, and how Record records. */
import { formatBytes, formatDuration, formatMemory } from "../../shared/figures.js";
import { keepableSeconds } from "../../shared/history-room.js";
import type { StreamId } from "../../shared/stream.js";
import { roomFor } from "../lib/history.js";
import { useNotices } from "../stores/notices.js";
import { useRecordings, type KeptSpan } from "../stores/recordings.js";
import { useSettings } from "../stores/settings.js";
import { isActive, useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";
import { useWindow } from "../stores/window.js";
import type { Command } from "./command.js";

/** Why nothing of a stream's past can be kept; null if it can. */
export function noKeep(stream: StreamId): string | null {
  const info = useStreams().infos.get(stream);
  if (info?.transport?.kind === "replay") return "this is a recording";
  return (info?.run ?? 0) > 0 ? null : "nothing has come yet";
}

/**
 * What Keep keeps: as long as it is set to, and no longer than can be recorded out of the histories of all it acts on; a
 * stream that runs goes on with a part of its own.
 */
export function heldSeconds(): number {
  const { infos } = useStreams();
  const { keepSeconds } = useSettings().layout.record;
  const histories = useViews().targets.map((id) => {
    const info = infos.get(id);
    if (!info?.geometry) return undefined;
    const stopped = info.run > 0 && !isActive(info);
    return stopped ? info.geometry.historySeconds : keepableSeconds(info.geometry);
  });
  return Math.min(keepSeconds, ...histories.map((seconds) => seconds ?? Infinity));
}

/** Keeps a span, and says on a line what is there now. */
export async function keepAndTell(stream: StreamId, span: KeptSpan): Promise<void> {
  const { name, seconds, bytes, shortfall } = await useRecordings().keep(stream, span);
  useNotices().line({
    level: shortfall ? "warning" : "info",
    title: `Kept ${formatDuration(seconds)} (${formatBytes(bytes)}) as “${name}”`,
    detail: shortfall ?? "",
  });
}

export function recordingCommands(): Command[] {
  const views = useViews();
  const recordings = useRecordings();
  const streams = useStreams();
  const { layout } = useSettings();
  const rings = () =>
    views.targets.flatMap((stream) => {
      const status = recordings.running.get(stream);
      return status?.parts?.ring ? [status] : [];
    });
  /** Streams whose history is too short for what the record options ask of it. */
  const wanted = () => Math.max(layout.record.keepSeconds, layout.record.preSeconds);
  const short = () =>
    views.targets.flatMap((stream) => {
      const room = roomFor(streams.infos.get(stream), wanted());
      return room ? [{ stream, ...room }] : [];
    });
  const keepable = (): StreamId[] => views.targets.filter((stream) => noKeep(stream) === null);
  return [
    {
      id: "recording.keep",
      title: () => {
        const { keepSeconds } = layout.record;
        const now = heldSeconds();
        const more = `: the history holds no more of the ${formatDuration(keepSeconds)} set`;
        return `Keep the last ${formatDuration(now)}${now < keepSeconds ? more : ""}`;
      },
      category: "Recording",
      keys: ["K"],
      icon: "keep",
      blocked: () => {
        const [first] = views.targets;
        if (keepable().length > 0) return null;
        return first === undefined ? "select a device that has a buffer" : noKeep(first);
      },
      run: () => {
        const { keepSeconds: seconds } = layout.record;
        return Promise.all(keepable().map((stream) => keepAndTell(stream, { seconds })));
      },
    },
    {
      id: "recording.ringKeep",
      title: () => `Keep the last ${formatDuration(layout.record.keepSeconds)} of the ring`,
      category: "Recording",
      keys: ["Alt+K"],
      blocked: () => (rings().length > 0 ? null : "no ring is being recorded"),
      run: async () => {
        const { keepSeconds } = layout.record;
        for (const { name } of rings()) {
          const { parts } = await recordings.ringKeep(name, keepSeconds);
          useNotices().line({
            level: "info",
            title: `The last ${formatDuration(keepSeconds)} of “${name}” stay`,
            detail: `${parts?.kept ?? 0} of its parts will not be deleted.`,
          });
        }
      },
    },
    {
      id: "recording.room",
      title: () => {
        const all = short();
        const words = `Make room for ${formatDuration(wanted())}`;
        if (all.length === 0) return words;
        const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
        const runs = all.some(({ stream }) => isActive(streams.infos.get(stream)));
        return `${words}: ${formatMemory(bytes, 3)}${runs ? ", in a new run" : ""}`;
      },
      category: "Recording",
      keys: ["Shift+M"],
      blocked: () => {
        if (short().length === 0) return "the history holds that already";
        const busy = short().every(({ stream }) => recordings.running.has(stream));
        return busy ? "the buffer is fixed while it is recorded" : null;
      },
      run: () =>
        Promise.all(
          short()
            .filter(({ stream }) => !recordings.running.has(stream))
            .map(({ stream, blockCount }) => streams.configure(stream, { blockCount })),
        ),
    },
    {
      id: "recording.options",
      title: "Record options…",
      category: "Recording",
      keys: ["Shift+R"],
      icon: "down",
      run: () => {
        const windows = useWindow();
        if (windows.dialog === "recordOptions") windows.close();
        else windows.open("recordOptions");
      },
    },
  ];
}
