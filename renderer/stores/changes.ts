/**
 * Changes of a stream that a running recording forbids. They are refused beside their field with the offer to go on in a
 * new recording; taking it unlocks the next change of that recording only.
 */
import { defineStore } from "pinia";
import { shallowReactive } from "vue";
import type { StreamId, StreamInfo } from "../../shared/stream.js";
import { useRecordings } from "./recordings.js";
import { useStreams, type StreamPatch } from "./streams.js";
import { useWindow } from "./window.js";

export const useChanges = defineStore("changes", () => {
  const recordings = useRecordings();
  const streams = useStreams();
  const unlocked = shallowReactive(new Set<StreamId>());
  /** The last change of each stream's channels, done or not. */
  const turns = new Map<StreamId, Promise<unknown>>();
  recordings.onEnded(({ stream, kept }) => {
    if (!kept) lock(stream);
  });

  function isLocked(stream: StreamId | null | undefined): boolean {
    return Boolean(stream && recordings.running.has(stream) && !unlocked.has(stream));
  }

  function unlock(stream: StreamId): void {
    unlocked.add(stream);
  }

  function lock(stream: StreamId): void {
    unlocked.delete(stream);
  }

  /** Whether the next change goes on in a new recording; asked once per change. */
  function takesNewRecording(stream: StreamId): boolean {
    return unlocked.has(stream) && recordings.running.has(stream);
  }

  /** Applies settings; rejects with what was refused. */
  async function configure(stream: StreamId, patch: StreamPatch): Promise<StreamInfo> {
    const info = await streams.configure(stream, patch, takesNewRecording(stream));
    lock(stream);
    return info;
  }

  /** For places without a field: asks before it ends a recording. Resolves to null if the user would rather not. */
  async function configureAsking(stream: StreamId, patch: StreamPatch): Promise<StreamInfo | null> {
    if (!isLocked(stream)) return configure(stream, patch);
    const yes = await useWindow().ask({
      title: "Channels are fixed while recording",
      detail:
        "This recording ends here, whole, and goes on in a new one with the channels changed.",
      yes: "Go on in a new recording",
      no: "Leave it as it is",
    });
    if (!yes) return null;
    return streams.configure(stream, patch, true);
  }

  /** One after the other: each begins with the channels that the one before has left, which takes a restart to know. */
  function setChannels(stream: StreamId, change: (on: Set<string>) => void): Promise<unknown> {
    const begin = () => {
      const on = new Set(streams.infos.get(stream)?.settings.channels ?? []);
      change(on);
      return configureAsking(stream, { channels: [...on] });
    };
    const before = turns.get(stream) ?? Promise.resolve();
    const turn = before.then(begin, begin);
    turns.set(stream, turn);
    return turn;
  }

  return { isLocked, unlock, lock, takesNewRecording, configure, configureAsking, setChannels };
});
