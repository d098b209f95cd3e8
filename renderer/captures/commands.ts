/** Stepping through captures by name and by key, and keeping the list of the focused stream up to date. */
import { onScopeDispose, watch } from "vue";
import type { Command } from "../commands/command.js";
import { useRecordings } from "../stores/recordings.js";
import { useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";
import { useCaptures } from "./store.js";

/** For the root component: its lists end with it. */
export function captureCommands(): Command[] {
  const captures = useCaptures();
  const views = useViews();
  followFocus();
  const none = (by: 1 | -1) => () => {
    const stream = views.focusStream;
    const list = stream && captures.lists.get(stream);
    if (!stream || !list || list.captures.length === 0) {
      return "there are no captures: record on trigger, or open such a recording";
    }
    return captures.step(stream, by) ? null : by < 0 ? "this is the first" : "this is the last";
  };
  const go = (by: 1 | -1) => () => {
    const stream = views.focusStream;
    const next = stream && captures.step(stream, by);
    return next ? captures.goTo(stream, next) : undefined;
  };
  return [
    {
      id: "captures.previous",
      title: "Previous capture",
      category: "View",
      keys: ["Ctrl+Left"],
      blocked: none(-1),
      run: go(-1),
    },
    {
      id: "captures.next",
      title: "Next capture",
      category: "View",
      keys: ["Ctrl+Right"],
      blocked: none(1),
      run: go(1),
    },
  ];
}

function followFocus(): void {
  const captures = useCaptures();
  const recordings = useRecordings();
  const streams = useStreams();
  const views = useViews();
  watch(
    () => {
      const stream = views.focusStream;
      const status = stream ? recordings.running.get(stream) : undefined;
      const known = stream !== null && streams.infos.has(stream);
      const { count = 0, missed = 0 } = status?.captures ?? {};
      return [known ? stream : null, status?.name, count, missed] as const;
    },
    ([stream]) => {
      if (stream) void captures.refresh(stream);
    },
    { immediate: true },
  );
  // Captures name the recording they are in: that may have got another name.
  watch(
    () => recordings.list,
    (now, before) => {
      const there = new Set(now.map(({ name }) => name));
      const left = new Set(before.map(({ name }) => name).filter((name) => !there.has(name)));
      for (const [stream, { captures: all }] of captures.lists) {
        if (all.some(({ recording }) => left.has(recording))) void captures.refresh(stream, true);
      }
    },
  );
  onScopeDispose(
    recordings.onEnded(({ stream, kept }) => {
      if (!kept && captures.lists.has(stream)) void captures.refresh(stream);
    }),
  );
}
