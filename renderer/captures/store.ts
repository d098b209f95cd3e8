/** Captures of the streams that are looked at: their lists, which one is chosen, and the way to it. */
import { defineStore } from "pinia";
import { shallowReactive, shallowRef } from "vue";
import {
  CAPTURES_LISTED,
  CAPTURES_PER_ANSWER,
  type CaptureInfo,
  type CaptureList,
} from "../../shared/capture.js";
import type { StreamId } from "../../shared/stream.js";
import { useConnection } from "../stores/connection.js";
import { useNotices } from "../stores/notices.js";
import { useRecordings } from "../stores/recordings.js";
import { useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";

/** Views of the stream are to show the capture. */
export interface CaptureTarget {
  stream: StreamId;
  capture: CaptureInfo;
}

export const useCaptures = defineStore("captures", () => {
  const connection = useConnection();
  const lists = shallowReactive(new Map<StreamId, CaptureList>());
  /** Number of the capture chosen, by stream. */
  const chosen = shallowReactive(new Map<StreamId, number>());
  const target = shallowRef<CaptureTarget | null>(null);
  const busy = new Map<StreamId, { again: boolean }>();

  /** Asks for what is new; one question at a time. */
  async function refresh(stream: StreamId): Promise<void> {
    const going = busy.get(stream);
    if (going) {
      going.again = true;
      return;
    }
    const work = { again: true };
    busy.set(stream, work);
    try {
      while (work.again) {
        work.again = false;
        await load(stream);
      }
    } catch {
      // A stream that has gone has no captures.
      lists.delete(stream);
    } finally {
      busy.delete(stream);
    }
  }

  async function load(stream: StreamId): Promise<void> {
    let known = lists.get(stream);
    for (;;) {
      const from = known?.captures.length ?? 0;
      const answer = await connection.request("recording.captures", { stream, from });
      // Another recording, or the same one under its final name: all of it is asked for anew.
      if (known && (answer.recording !== known.recording || answer.run !== known.run)) {
        known = undefined;
        if (from > 0) continue;
      }
      if (known?.recording !== answer.recording) chosen.delete(stream);
      known = { ...answer, from: 0, captures: [...(known?.captures ?? []), ...answer.captures] };
      lists.set(stream, known);
      const more = answer.captures.length === CAPTURES_PER_ANSWER;
      if (!more || known.captures.length >= CAPTURES_LISTED) return;
    }
  }

  /** Shows a capture: in the stream it came from as long as its samples are there, else in its recording. */
  async function goTo(stream: StreamId, capture: CaptureInfo): Promise<void> {
    const goesOn = useRecordings().running.get(stream)?.captures !== undefined;
    const left = leftIn(stream, capture);
    if (goesOn && left === "nothing") {
      useNotices().line({
        level: "info",
        title: `Capture ${capture.number} has left the history`,
        detail: "Its samples are on the disk. They can be looked at when the recording has ended.",
      });
      return;
    }
    const there = left === "samples" || goesOn;
    chosen.set(stream, capture.number);
    const place = there ? stream : (await useRecordings().open(capture.recording)).id;
    if (!there) {
      await refresh(place);
      chosen.set(place, capture.number);
    }
    useViews().show(place);
    target.value = { stream: place, capture };
  }

  function reached(done: CaptureTarget): void {
    if (target.value === done) target.value = null;
  }

  /** What the stream can still show of it. */
  function leftIn(stream: StreamId, { fromScan }: CaptureInfo): "samples" | "envelope" | "nothing" {
    if (stream.startsWith("rec:")) return "samples";
    const streams = useStreams();
    const counters = streams.live(stream).counters;
    const sameRun = streams.infos.get(stream)?.run === lists.get(stream)?.run;
    if (!sameRun || !counters) return "nothing";
    if (fromScan >= counters.historyFromScan) return "samples";
    return fromScan >= counters.pyramidFromScan ? "envelope" : "nothing";
  }

  /** The one before or behind the one chosen; without one the last, or the first. */
  function step(stream: StreamId, by: 1 | -1): CaptureInfo | undefined {
    const all = lists.get(stream)?.captures ?? [];
    const at = all.findIndex(({ number }) => number === chosen.get(stream));
    return at < 0 ? all.at(by < 0 ? -1 : 0) : all[at + by];
  }

  return { lists, chosen, target, refresh, goTo, reached, step };
});
