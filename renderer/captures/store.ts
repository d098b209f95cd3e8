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
import { unbrokenFrom } from "../lib/history.js";
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
  const busy = new Map<StreamId, { again: boolean; anew: boolean }>();

  /** Asks for what is new, or for all of it `anew`; one question at a time. */
  async function refresh(stream: StreamId, anew = false): Promise<void> {
    const going = busy.get(stream);
    if (going) {
      going.again = true;
      going.anew ||= anew;
      return;
    }
    const work = { again: true, anew };
    busy.set(stream, work);
    try {
      while (work.again) {
        const { anew: whole } = work;
        Object.assign(work, { again: false, anew: false });
        await load(stream, whole);
      }
    } catch {
      // A stream that has gone has no captures.
      lists.delete(stream);
    } finally {
      busy.delete(stream);
    }
  }

  async function load(stream: StreamId, anew: boolean): Promise<void> {
    let known = anew ? undefined : lists.get(stream);
    for (;;) {
      const from = known?.captures.length ?? 0;
      const answer = await connection.request("recording.captures", { stream, from });
      // Another recording, or the same one under its final name: all of it is asked for anew.
      if (known && (answer.recording !== known.recording || answer.run !== known.run)) {
        known = undefined;
        if (from > 0) continue;
      }
      if (!anew && known?.recording !== answer.recording) chosen.delete(stream);
      known = { ...answer, from: 0, captures: [...(known?.captures ?? []), ...answer.captures] };
      lists.set(stream, known);
      const more = answer.captures.length === CAPTURES_PER_ANSWER;
      if (!more || known.captures.length >= CAPTURES_LISTED) return;
    }
  }

  /** Shows a capture, or says why it can't be shown. */
  async function goTo(stream: StreamId, capture: CaptureInfo): Promise<void> {
    try {
      await find(stream, capture);
    } catch (thrown) {
      useNotices().refused(`Capture ${capture.number} can't be shown`, thrown);
    }
  }

  /** In the stream it came from as long as its samples are there, else in its recording. */
  async function find(stream: StreamId, capture: CaptureInfo): Promise<void> {
    // Whatever comes of it: the next step goes on from here.
    chosen.set(stream, capture.number);
    const goesOn = isRecorded(stream);
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
  function leftIn(
    stream: StreamId,
    { fromScan, toScan }: CaptureInfo,
  ): "samples" | "envelope" | "nothing" {
    if (stream.startsWith("rec:")) return "samples";
    const streams = useStreams();
    const { counters, blockCounts } = streams.live(stream);
    const sameRun = streams.infos.get(stream)?.run === lists.get(stream)?.run;
    if (!sameRun || !counters) return "nothing";
    const start = unbrokenFrom(counters, streams.infos.get(stream), blockCounts);
    const pinned = [...useViews().pinned.values()].some(
      (pin) => pin.stream === stream && pin.fromScan <= fromScan && pin.toScan >= toScan,
    );
    if (fromScan >= start || pinned) return "samples";
    return fromScan >= counters.pyramidFromScan ? "envelope" : "nothing";
  }

  function isRecorded(stream: StreamId): boolean {
    return useRecordings().running.get(stream)?.captures !== undefined;
  }

  /**
   * The one before or behind the one chosen; without one the last, or the first. While they are recorded those are passed
   * over that can't be shown, if one behind them can.
   */
  function step(stream: StreamId, by: 1 | -1): CaptureInfo | undefined {
    const all = lists.get(stream)?.captures ?? [];
    const at = all.findIndex(({ number }) => number === chosen.get(stream));
    const start = at < 0 ? (by < 0 ? all.length - 1 : 0) : at + by;
    if (isRecorded(stream)) {
      for (let next = start; next >= 0 && next < all.length; next += by) {
        if (leftIn(stream, all[next]!) !== "nothing") return all[next];
      }
    }
    return all[start];
  }

  return { lists, chosen, target, refresh, goTo, reached, step };
});
