/** What a scope view can do by name and by key. Registered by the view that has the focus. */
import { computed } from "vue";
import type { Command } from "../commands/command.js";
import { keepAndTell, noKeep } from "../commands/recording-commands.js";
import { triggerCommands } from "./trigger-commands.js";
import type { Scope } from "./use-scope.js";
import { MOST_TRACES, PAIR_DRAWINGS } from "./use-sources.js";

const PAN_PART = 0.25;
const ZOOM = 2;

export function scopeCommands(scope: Scope): Command[] {
  const { actions, state, isRecording, frame, info, joined, page, pairs, pointer } = scope;
  // Lists of commands are not to be made anew with every frame.
  const isShown = computed(() => frame.value !== null);
  const isPointed = computed(() => pointer.near.value !== null);
  const nothing = () => (isShown.value ? null : "nothing is shown yet");
  const recorded = () => (isRecording.value ? "this is a recording" : null);
  const command = (entry: Omit<Command, "category">): Command => ({ category: "View", ...entry });
  /** What comes after the drawing of the first pair. */
  const nextDrawing = () => {
    const [first] = joined.value;
    const now = (first && pairs.value[first.id]) ?? "parts";
    const at = PAIR_DRAWINGS.findIndex(({ value }) => value === now);
    return PAIR_DRAWINGS[(at + 1) % PAIR_DRAWINGS.length]!;
  };
  return [
    command({
      id: "scope.follow",
      title: () => (state.value.frozen ? "Follow again" : "Fit the traces"),
      keys: ["F"],
      icon: "fit",
      blocked: nothing,
      run: () => (state.value.frozen ? actions.follow() : actions.fitHeights()),
    }),
    command({
      id: "scope.fit",
      title: "Fit the heights of all traces",
      keys: ["Shift+F"],
      blocked: nothing,
      run: () => actions.fitHeights(),
    }),
    command({
      id: "scope.freeze",
      title: () => (state.value.frozen ? "Follow" : "Freeze the picture"),
      keys: ["P"],
      icon: "frozen",
      blocked: nothing,
      checked: () => state.value.frozen !== null,
      run: () => (state.value.frozen ? actions.follow() : actions.freeze()),
    }),
    {
      id: "recording.keepView",
      title: "Keep what the view shows",
      category: "Recording",
      keys: ["Shift+K"],
      blocked: () => recorded() ?? nothing() ?? (info.value ? noKeep(info.value.id) : null),
      run: () => {
        const shown = state.value.frozen ?? frame.value;
        if (!shown || !info.value) return;
        const { fromScan, toScan } = shown;
        return keepAndTell(info.value.id, { fromScan, toScan });
      },
    },
    command({
      id: "scope.all",
      title: "Show the whole overview",
      keys: ["A"],
      blocked: nothing,
      run: () => actions.showAll(),
    }),
    command({
      id: "scope.mark",
      title: () =>
        isPointed.value || pointer.mark.value === null
          ? "Set A at the pointer, to measure from"
          : "Take A off",
      keys: ["1"],
      blocked: () =>
        isPointed.value || pointer.mark.value !== null ? null : "point at the plot first",
      run: () => pointer.setMark(),
    }),
    command({
      id: "scope.undo",
      title: "Undo the view",
      keys: ["Ctrl+Z"],
      run: () => actions.undo(),
    }),
    command({
      id: "scope.zoomIn",
      title: "Zoom in",
      keys: ["+", "="],
      blocked: nothing,
      run: () => actions.zoom(1 / ZOOM, 0.5),
    }),
    command({
      id: "scope.zoomOut",
      title: "Zoom out",
      keys: ["-"],
      blocked: nothing,
      run: () => actions.zoom(ZOOM, 0.5),
    }),
    command({
      id: "scope.left",
      title: "Earlier",
      keys: ["Left"],
      blocked: nothing,
      run: () => actions.pan(-PAN_PART),
    }),
    command({
      id: "scope.right",
      title: "Later",
      keys: ["Right"],
      blocked: nothing,
      run: () => actions.pan(PAN_PART),
    }),
    command({
      id: "scope.units",
      title: () => (state.value.physical ? "Show raw counts" : "Show physical units"),
      keys: ["U"],
      run: () => actions.setPhysical(!state.value.physical),
    }),
    command({
      id: "scope.dots",
      title: "Mark single samples",
      keys: ["."],
      checked: () => state.value.dots,
      run: () => actions.setDots(!state.value.dots),
    }),
    command({
      id: "scope.pairs",
      title: () => `Draw I/Q pairs as ${nextDrawing().label}`,
      keys: ["I"],
      blocked: () => (joined.value.length > 0 ? null : "no I/Q pair is enabled"),
      run: () => {
        const { value } = nextDrawing();
        for (const pair of joined.value) actions.setPair(pair.id, value);
      },
    }),
    command({
      id: "scope.others",
      title: "Show the other traces of a view that has more than it draws",
      keys: ["O"],
      blocked: () => (page.value.total > MOST_TRACES ? null : "all traces are drawn"),
      run: () => actions.nextTraces(),
    }),
    ...triggerCommands(scope),
  ];
}
