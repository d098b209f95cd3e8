/**
 * What the user should read. A banner stands above the views until it is closed, and only for what ended that the user
 * did not end; all else is a line at the lower edge.
 */
import { defineStore } from "pinia";
import { shallowRef } from "vue";

import type { DeviceId } from "../../shared/device.js";
import { toStudioError, type StudioError } from "../../shared/errors.js";
import type { Events } from "../../shared/messages.js";
import { endedDetail, endedTitle, lessThanAsked } from "../lib/ended.js";
import { clockTime } from "../lib/names.js";
import type { RecordingResult, RecordingStatus } from "../../shared/recording.js";
import type { EventSource } from "./event-gate.js";
import { useStreams } from "./streams.js";

export interface Notice {
  id: number;
  level: "info" | "warning" | "error";
  title: string;
  /** "" where the title says it all. */
  detail: string;
  fix?: string | undefined;
  stream?: string | undefined;
  /** A recording that can be opened from here. */
  recording?: string | undefined;
  /** It says that a device is gone: true until that comes back. */
  gone?: boolean;
}

const GONE = "ENODEV";
const CANCELLED = "CANCELLED";
const LINE_MS = 9000;
/** More lines than this, of those that pass and of those that stay, are not read anyway; the oldest goes. */
const LINES = 3;

export const useNotices = defineStore("notices", () => {
  const banners = shallowRef<Notice[]>([]);
  const lines = shallowRef<Notice[]>([]);
  let ids = 0;

  function listen(host: EventSource): void {
    host.on("notice", fromHost);
  }

  function fromHost({ level, title, error, stream }: Events["notice"]): void {
    const notice: Omit<Notice, "id"> = {
      level,
      title,
      detail: error.message,
      fix: error.fix,
      stream,
      gone: error.code === GONE,
    };
    if (level === "error") banner(notice);
    else line(notice);
  }

  /** One banner per stream: the newest says what holds; a recording it named stays reachable. */
  function banner(notice: Omit<Notice, "id">): void {
    const same = notice.stream
      ? banners.value.find(({ stream }) => stream === notice.stream)
      : undefined;
    const recording = notice.recording ?? same?.recording;
    banners.value = [
      ...banners.value.filter((known) => known !== same),
      { ...notice, recording, id: ++ids },
    ];
  }

  function line(notice: Omit<Notice, "id">): void {
    const id = ++ids;
    const passes = notice.level === "info";
    const alike = lines.value.filter(({ level }) => (level === "info") === passes);
    const oldest = alike.length >= LINES ? alike[0] : undefined;
    lines.value = [...lines.value.filter((known) => known !== oldest), { ...notice, id }];
    if (notice.level === "info") setTimeout(() => close(id), LINE_MS);
  }

  /** What said that the device is gone stays until it was seen, and says that it is back. */
  function deviceReturned(device: DeviceId): void {
    const said = ({ stream, gone }: Notice) => gone && stream?.startsWith(`${device}/`);
    if (!banners.value.some(said)) return;
    const at = clockTime(Date.now());
    banners.value = banners.value.map((known) =>
      said(known)
        ? { ...known, gone: false, title: `${known.title} It is back since ${at}.`, detail: "" }
        : known,
    );
  }

  /** Something the user asked for was refused and no field is there to say it. */
  function refused(title: string, thrown: unknown): StudioError {
    const error = toStudioError(thrown);
    // The user did it, here or in another window.
    if (error.code === CANCELLED) {
      line({ level: "info", title: "Cancelled", detail: error.message });
      return error;
    }
    // A stream that failed says why in its view, its panel and the status bar.
    const said = [...useStreams().infos.values()].some(
      ({ state }) => state.kind === "failed" && state.error.message === error.message,
    );
    if (said) return error;
    line({ level: "warning", title, detail: error.message, fix: error.fix });
    return error;
  }

  /** What a recording has less than was asked for; why it ended, if the user did not ask for that, and what is safe. */
  function recordingEnded(device: string, status: RecordingStatus, result: RecordingResult): void {
    const less = lessThanAsked(result);
    // Who keeps something is told so at once.
    if (less && !status.kept) {
      line({ level: "warning", title: `“${result.name}” has less than was asked`, detail: less });
    }
    if (!result.error) {
      if (result.samples > 0 || status.captures) return;
      const detail = `No sample came from ${device} while it was recorded, so no file was kept.`;
      line({ level: "warning", title: "Nothing was recorded", detail });
      return;
    }
    banner({
      level: "error",
      title: endedTitle(device, result),
      detail: endedDetail(result),
      fix: result.error.fix,
      stream: status.stream,
      recording: result.name,
    });
  }

  function close(id: number): void {
    banners.value = banners.value.filter((notice) => notice.id !== id);
    lines.value = lines.value.filter((notice) => notice.id !== id);
  }

  function closeAll(): void {
    banners.value = [];
    lines.value = [];
  }

  return {
    closeAll,
    banners,
    lines,
    listen,
    banner,
    line,
    refused,
    recordingEnded,
    deviceReturned,
    close,
  };
});
