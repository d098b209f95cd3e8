/** What can be done to a row of the explorer; the same by mouse, by key and from its menu. */
import type { ChannelInfo, DeviceInfo } from "../../shared/device.js";
import type { StreamId } from "../../shared/stream.js";
import { recordTitle } from "../lib/record-words.js";
import { bufferPairs, drawableChannels, channelName } from "../lib/traces.js";
import { useChanges } from "../stores/changes.js";
import { useGroups } from "../stores/groups.js";
import { useInventory } from "../stores/inventory.js";
import { useNotices } from "../stores/notices.js";
import { useRecordings } from "../stores/recordings.js";
import { useSettings } from "../stores/settings.js";
import { isActive, useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";
import { useWindow } from "../stores/window.js";
import { deviceName } from "../lib/names.js";
import { useRecordingActions } from "./recording-actions.js";
import { channelKey, type TreeRow } from "./tree.js";

export interface RowAction {
  id: string;
  title: string;
  run: () => unknown;
}

export function useRowActions() {
  const changes = useChanges();
  const groups = useGroups();
  const inventory = useInventory();
  const notices = useNotices();
  const recordings = useRecordings();
  const settings = useSettings();
  const streams = useStreams();
  const views = useViews();
  const windows = useWindow();

  /** Runs it; what it is refused with becomes a line at the lower edge. Answers whether it was done. */
  async function attempt(title: string, action: () => unknown): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (thrown) {
      notices.refused(title, thrown);
      return false;
    }
  }

  function expand(row: TreeRow, open = !row.expanded): void {
    if (row.expanded !== undefined) settings.layout.expanded[row.key] = open;
  }

  function setChannels(stream: StreamId, change: (on: Set<string>) => void): Promise<boolean> {
    return attempt("The channels stay as they are", () => changes.setChannels(stream, change));
  }

  const toggleChannel = (stream: StreamId, channel: string) =>
    setChannels(stream, (on) => void (on.delete(channel) || on.add(channel)));

  function toggleRun(stream: StreamId): Promise<boolean> {
    return attempt("The stream stays as it is", () => {
      if (recordings.running.has(stream)) return recordings.stopOrAsk([stream]);
      return isActive(streams.infos.get(stream)) ? streams.stop(stream) : streams.start(stream);
    });
  }

  function openRecording(name: string): Promise<boolean> {
    return attempt("The recording was not opened", async () => {
      const info = await recordings.open(name);
      // What is selected is open without having been opened: it stays so.
      const before = settings.layout.selected?.device;
      if (before !== undefined) settings.layout.expanded[before] ??= true;
      settings.layout.selected = { device: info.device, channel: null };
      const there = views.tabs.some((tab) => tab.stream === info.id);
      if (there) views.show(info.id);
      else views.open(info.id);
    });
  }

  const renameAction = (key: string): RowAction => ({
    id: "rename",
    title: "Rename…",
    run: () => {
      settings.layout.explorerOpen = true;
      windows.renaming = key;
    },
  });

  const recorded = useRecordingActions({ attempt, openRecording, renameAction });

  function activate(row: TreeRow): unknown {
    switch (row.kind) {
      case "context":
        return expand(row);
      case "device":
        return views.select(row.device.id);
      case "buffer":
      case "pair":
        settings.layout.selected = { device: row.device.id, channel: null };
        return views.show(row.stream);
      case "channel":
        settings.layout.selected = { device: row.device.id, channel: row.channel.id };
        return views.show(row.stream);
      case "recording":
        if (row.entry.state === "recording") return undefined;
        return openRecording(row.entry.name);
      case "note":
        return undefined;
    }
  }

  function deviceActions(device: DeviceInfo, stream: StreamId | null): RowAction[] {
    const list: RowAction[] = [];
    if (stream && device.presence === "present") {
      const title = recordings.running.has(stream)
        ? "Stop recording"
        : isActive(streams.infos.get(stream))
          ? "Stop"
          : "Run";
      list.push({ id: "run", title, run: () => toggleRun(stream) });
      if (!recordings.running.has(stream) && !recordings.scheduled.has(stream)) {
        const run = () => attempt("Nothing is recorded", () => recordings.start([stream]));
        list.push({ id: "record", title: recordTitle(settings.layout.record, recordings), run });
        if (groups.candidates().length >= 2) {
          const together = "Record together with others…";
          list.push({ id: "together", title: together, run: () => groups.open(stream) });
        }
      }
      list.push({ id: "view", title: "Open in a new view", run: () => views.open(stream) });
    }
    if (stream && recordings.scheduled.has(stream)) {
      const run = () => attempt("It still waits", () => recordings.unschedule(stream));
      list.push({ id: "unschedule", title: "Cancel the recording that waits for its time", run });
    }
    if (stream && device.presence === "gone" && device.context === "sim") {
      const run = () => attempt("It stays away", () => streams.fault(stream, "none"));
      list.push({ id: "plug", title: "Plug in again", run });
    }
    list.push(renameAction(device.id));
    const read = () =>
      attempt("The attributes were not read", () => inventory.readAttributes(device.id));
    list.push({ id: "read", title: "Read all attributes again", run: read });
    for (const other of inventory.list) {
      if (other.id === device.id || other.context !== device.context) continue;
      const linked = device.links.some((link) => link.device === other.id);
      const title = `${linked ? "Unlink from" : "Link to"} ${other.label || other.name}`;
      const run = () =>
        attempt("The link stays as it is", () => inventory.link(device.id, other.id, !linked));
      list.push({ id: `link ${other.id}`, title, run });
    }
    return list;
  }

  function channelActions(device: DeviceInfo, stream: StreamId, channel: ChannelInfo): RowAction[] {
    const on = streams.infos.get(stream)?.settings.channels.includes(channel.id);
    const buffer = streams.infos.get(stream)?.buffer ?? 0;
    const pairs = bufferPairs(device, buffer);
    const isPaired = (id: string) => pairs.some(({ i, q }) => i === id || q === id);
    const list: RowAction[] = [
      {
        id: "toggle",
        title: on ? "Switch off" : "Switch on",
        run: () => toggleChannel(stream, channel.id),
      },
      {
        id: "only",
        title: "Only this channel",
        run: () => setChannels(stream, (set) => (set.clear(), set.add(channel.id))),
      },
      renameAction(channelKey(stream, channel.id)),
    ];
    if (!isPaired(channel.id) && channel.type !== "timestamp") {
      for (const other of drawableChannels(device, buffer)) {
        if (other.id === channel.id || isPaired(other.id)) continue;
        const run = () =>
          attempt("The channels stay apart", () =>
            inventory.pair(device.id, channel.id, other.id, "join"),
          );
        list.push({
          id: `join ${other.id}`,
          title: `Join as I with ${channelName(other)} as Q`,
          run,
        });
      }
    }
    return list;
  }

  function rowActions(row: TreeRow): RowAction[] {
    switch (row.kind) {
      case "device":
        return deviceActions(row.device, row.stream);
      case "buffer":
        return [{ id: "run", title: "Run or stop", run: () => toggleRun(row.stream) }];
      case "channel":
        return channelActions(row.device, row.stream, row.channel);
      case "pair": {
        const { device, pair, stream, on } = row;
        const act = (action: "part" | "swap") => () =>
          attempt("The pair stays as it is", () =>
            inventory.pair(device.id, pair.i, pair.q, action),
          );
        const both = (set: Set<string>) =>
          [pair.i, pair.q].forEach((id) => (on ? set.delete(id) : set.add(id)));
        return [
          {
            id: "toggle",
            title: on ? "Switch both off" : "Switch both on",
            run: () => setChannels(stream, both),
          },
          { id: "swap", title: "Swap I and Q", run: act("swap") },
          { id: "part", title: "Part into two channels", run: act("part") },
        ];
      }
      case "recording":
        return recorded.actions(row.entry, row.device !== null, row.key);
      default:
        return [];
    }
  }

  /** The same for what is selected, for the palette. */
  function selectionActions(): { name: string; list: RowAction[] } {
    const { selected } = settings.layout;
    const device = selected && inventory.devices.get(selected.device);
    if (!device || device.context === "rec") return { name: "", list: [] };
    const focused = views.focusDevice?.id === device.id;
    const stream = focused ? views.focusStream : views.streamOf(device.id);
    const channel = device.channels.find(({ id }) => id === selected.channel);
    if (channel && stream) {
      return { name: channelName(channel), list: channelActions(device, stream, channel) };
    }
    return { name: deviceName(device), list: deviceActions(device, stream) };
  }

  return {
    renameRecording: recorded.rename,
    selectionActions,
    activate,
    expand,
    toggleChannel,
    toggleRun,
    openRecording,
    rowActions,
    attempt,
  };
}
