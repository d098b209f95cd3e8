/** Groups of the fake host: its recordings, begun and ended together, 1.2 ms apart and drifting by 3 ppm. */
import { fail } from "../../shared/errors.js";
import type { GroupMember, GroupResult, GroupStatus } from "../../shared/group.js";
import type { RequestParams } from "../../shared/messages.js";
import type { FakeHost } from "./fake-host.js";
import { FakeRecording } from "./fake-recorder.js";

const SKEW_SECONDS = 1.2e-3;
const DRIFT_PPM = 3.1;

export class FakeGroups {
  private readonly going = new Map<string, GroupStatus>();

  constructor(private readonly host: FakeHost) {}

  start({ streams, name = "together", note = "", sharedClock }: RequestParams<"group.start">) {
    const known = streams.map((id) => this.host.stream(id));
    if (known.some(({ recording }) => recording !== null)) {
      throw fail("BUSY_RECORDING", "One of them is being recorded already.", { field: "streams" });
    }
    const recordings = known.map((stream) => {
      if (stream.state.kind !== "running") stream.start();
      const device = stream.device();
      const recording = new FakeRecording(stream, `${name}-${device.label || device.name}`, note);
      stream.recording = recording.name;
      this.host.recordings.set(stream.id, recording);
      this.host.emit("stream", { stream: stream.info() });
      this.host.emit("recording", { status: recording.status() });
      return recording.name;
    });
    const group: GroupStatus = {
      name,
      startedAtMs: Date.now(),
      sharedClock,
      state: { kind: "recording" },
      streams: [...streams],
      recordings,
      members: [],
    };
    this.going.set(name, group);
    this.host.emit("group", { group });
    this.host.emit("recording.list", { list: this.host.entries() });
    return group;
  }

  stop(name: string): GroupResult {
    const group = this.going.get(name);
    if (!group) throw fail("NOT_FOUND", `No group named “${name}” is being recorded.`);
    this.going.delete(name);
    const results = group.streams.flatMap((id) => {
      const stream = this.host.stream(id);
      const result = this.host.endRecording(stream, null);
      this.host.emit("stream", { stream: stream.info() });
      return result ? [result] : [];
    });
    const members = group.streams.map((id, at) => this.member(group, id, at));
    const done: GroupStatus = { ...group, state: { kind: "done" }, members };
    this.host.emit("group", { group: done });
    return {
      name,
      file: `${name}.sigmf-collection`,
      sharedClock: group.sharedClock,
      members,
      recordings: results,
      error: null,
    };
  }

  private member({ recordings, sharedClock }: GroupStatus, id: string, at: number): GroupMember {
    const stream = this.host.stream(id);
    return {
      name: recordings[at]!,
      device: stream.device().id,
      buffer: 0,
      firstSampleNs: "1000",
      rateHz: stream.rateHz(),
      rateMeasuredHz: stream.rateHz() * (1 + at * DRIFT_PPM * 1e-6),
      startSkewSeconds: at * SKEW_SECONDS,
      startSkewUncertaintySeconds: at === 0 ? 0 : 42e-6,
      driftPpm: at * DRIFT_PPM,
      driftUncertaintyPpm: at === 0 ? 0 : 0.6,
      offsetSamples: sharedClock ? at * 1200 : null,
    };
  }
}
