/** Run, stop, single, record: they act on the stream in the selector, or on all that are open. */
import type { StreamId } from "../../shared/stream.js";
import { useInventory } from "../stores/inventory.js";
import { recordTitle } from "../lib/record-words.js";
import { cannotTune } from "../lib/tune-table.js";
import { useRecordings } from "../stores/recordings.js";
import { useSettings } from "../stores/settings.js";
import { isActive, useStreams } from "../stores/streams.js";
import { useTuning } from "../stores/tuning.js";
import { useViews } from "../stores/views.js";
import { useWindow } from "../stores/window.js";
import type { Command } from "./command.js";

/** Why none of `streams` can do it: the reason of the first, null if one can. */
function unlessOne(streams: StreamId[], why: (stream: StreamId) => string | null): string | null {
  let first: string | null = null;
  for (const stream of streams) {
    const reason = why(stream);
    if (reason === null) return null;
    first ??= reason;
  }
  return first ?? "select a device that has a buffer";
}

export function streamCommands(): Command[] {
  const streams = useStreams();
  const recordings = useRecordings();
  const inventory = useInventory();
  const views = useViews();

  const present = (stream: StreamId): string | null => {
    const device = streams.infos.get(stream)?.device;
    const gone = device && inventory.devices.get(device)?.presence === "gone";
    return gone ? "the device is gone" : null;
  };
  const isReplay = (stream: StreamId) =>
    streams.infos.get(stream)?.transport?.kind === "replay" ? "this is a recording" : null;
  const noRun = (stream: StreamId) =>
    present(stream) ??
    isReplay(stream) ??
    (recordings.running.has(stream) ? "it records; R stops that" : null) ??
    (isActive(streams.infos.get(stream)) ? "it runs already" : null);
  const noStop = (stream: StreamId) =>
    present(stream) ??
    (recordings.running.has(stream) ? "it records; R stops that" : null) ??
    (isActive(streams.infos.get(stream)) ? null : "it does not run");
  const noSingle = (stream: StreamId) =>
    present(stream) ??
    isReplay(stream) ??
    (recordings.running.has(stream) ? "it records; R stops that" : null);
  const noRecord = (stream: StreamId) => present(stream) ?? isReplay(stream);
  /** Can be stopped, or cancelled, whatever became of its device. */
  const goesOn = (stream: StreamId) =>
    recordings.running.has(stream) || recordings.scheduled.has(stream);
  const noTune = (stream: StreamId) => present(stream) ?? cannotTune(streams.infos.get(stream));
  const isStarting = (stream: StreamId) => streams.infos.get(stream)?.state.kind === "starting";
  const focused = () => (views.focusStream ? [views.focusStream] : []);
  const able = (why: (stream: StreamId) => string | null) =>
    views.targets.filter((stream) => why(stream) === null);

  return [
    {
      id: "stream.run",
      title: "Run",
      category: "Stream",
      keys: ["Space"],
      icon: "run",
      blocked: () => unlessOne(views.targets, noRun),
      run: () => Promise.all(able(noRun).map((stream) => streams.start(stream))),
    },
    {
      id: "stream.stop",
      title: "Stop",
      category: "Stream",
      keys: ["Space"],
      icon: "stop",
      blocked: () => unlessOne(views.targets, noStop),
      run: () => Promise.all(able(noStop).map((stream) => streams.stop(stream))),
    },
    {
      id: "stream.cancelStart",
      title: "Cancel the start",
      category: "Stream",
      keys: ["Esc"],
      blocked: () => unlessOne(views.targets, (id) => (isStarting(id) ? null : "nothing starts")),
      run: () => Promise.all(views.targets.filter(isStarting).map((id) => streams.stop(id))),
    },
    {
      id: "stream.single",
      title: "Single",
      category: "Stream",
      keys: ["S"],
      icon: "single",
      blocked: () => unlessOne(views.targets, noSingle),
      run: () => Promise.all(able(noSingle).map((stream) => views.single(stream))),
    },
    {
      id: "stream.tune",
      title: "Find my settings…",
      category: "Stream",
      keys: ["Alt+U"],
      blocked: () => unlessOne(focused(), noTune),
      run: () => views.focusStream && useTuning().open(views.focusStream),
    },
    {
      id: "stream.all",
      title: "Run, Stop and Record act on all open streams",
      category: "Stream",
      keys: ["Shift+A"],
      checked: () => views.allStreams,
      run: () => (views.allStreams = !views.allStreams),
    },
    {
      id: "recording.toggle",
      title: () =>
        views.targets.some((id) => recordings.running.has(id))
          ? "Stop recording"
          : views.targets.some((id) => recordings.scheduled.has(id))
            ? "Cancel the recording that waits for its time"
            : recordTitle(useSettings().layout.record, recordings),
      category: "Recording",
      keys: ["R"],
      icon: "record",
      blocked: () => unlessOne(views.targets, (id) => (goesOn(id) ? null : noRecord(id))),
      run: () => {
        if (views.targets.some((stream) => recordings.running.has(stream))) {
          return recordings.stopOrAsk(views.targets);
        }
        const waiting = views.targets.filter((stream) => recordings.scheduled.has(stream));
        if (waiting.length > 0) {
          return Promise.all(waiting.map((stream) => recordings.unschedule(stream)));
        }
        return recordings.start(able(noRecord));
      },
    },
    {
      id: "recording.edit",
      title: "Name and note of the recording…",
      category: "Recording",
      keys: ["N"],
      icon: "pen",
      blocked: () =>
        unlessOne(views.targets, (id) => (recordings.running.has(id) ? null : "nothing records")),
      run: () => useWindow().open("recording"),
    },
    {
      id: "recording.goOn",
      title: "Go on recording",
      category: "Recording",
      keys: ["Esc"],
      blocked: () => (recordings.asking.size > 0 ? null : "nothing was asked"),
      run: () => recordings.asking.clear(),
    },
  ];
}
