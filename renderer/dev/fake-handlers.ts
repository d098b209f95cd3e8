/** What the fake host answers to each request of the message map. */
import { NO_CAPTURES } from "../../shared/capture.js";
import { fail } from "../../shared/errors.js";
import type { RequestName, RequestParams, RequestResult } from "../../shared/messages.js";
import { makePair } from "../../shared/pairs.js";
import type { StreamInfo } from "../../shared/stream.js";
import { writeAttribute } from "./fake-attributes.js";
import { makeFrame } from "./fake-frames.js";
import type { FakeHost } from "./fake-host.js";
import { FakeRecording, FREE_BYTES } from "./fake-recorder.js";
import { FakeGroups } from "./fake-groups.js";
import type { FakeStream } from "./fake-stream.js";
import { FakeTunings } from "./fake-tune.js";

export type Handlers = {
  [N in RequestName]: (
    params: Required<RequestParams<N>> & RequestParams<N>,
  ) => RequestResult<N> | Promise<RequestResult<N>>;
};

const busy = () =>
  fail("BUSY_RECORDING", "Fixed while recording. Go on in a new recording to change it.");

export function makeHandlers(host: FakeHost): Handlers {
  const tunings = new FakeTunings(host);
  const groups = new FakeGroups(host);
  const publish = (stream: FakeStream): StreamInfo => {
    const info = stream.info();
    host.emit("stream", { stream: info });
    return info;
  };
  const stop = (stream: FakeStream): StreamInfo => {
    host.endRecording(stream, null);
    stream.stop();
    return publish(stream);
  };
  const attribute = (stream: FakeStream) => (channel: string, name: string) => {
    try {
      const device = stream.device().id;
      return host.attributeRaw({ device, scope: { kind: "channel", channel }, name });
    } catch {
      return "";
    }
  };

  return {
    hello: () => host.hello(),
    "inventory.get": () => host.inventory(),
    "device.get": ({ device }) => host.device(device),
    "device.readAttributes": ({ device }) => host.device(device).attributes,
    "device.link": ({ device, to, linked }) => {
      const known = host.device(device);
      known.links = known.links.filter((link) => link.device !== to);
      if (linked) known.links.push({ device: to, role: "other", origin: "user" });
      host.changed(device);
      return known;
    },
    "device.label": ({ device, channel, label }) => {
      const known = host.device(device);
      const named = channel === null ? known : known.channels.find(({ id }) => id === channel);
      if (!named) throw fail("NOT_FOUND", `There is no channel ${channel}.`);
      named.label = label;
      host.changed(device);
      return known;
    },
    "device.pair": ({ device, i, q, action }) => {
      const known = host.device(device);
      known.pairs = known.pairs.filter((pair) => ![i, q].includes(pair.i));
      const channel = (id: string) => known.channels.find((one) => one.id === id)!;
      if (action === "join") known.pairs.push(makePair(channel(i), channel(q), "user"));
      if (action === "swap") known.pairs.push(makePair(channel(q), channel(i), "user"));
      host.changed(device);
      return known;
    },
    "attribute.read": (address) => host.attribute(address).value,
    "attribute.write": ({ value, continueRecording, ...address }) => {
      const paced = [...host.recordings.values()].some(({ stream }) => {
        const rate = stream.device().buffers[0]?.rate;
        return rate?.device === address.device && rate.name === address.name;
      });
      if (paced && !continueRecording) throw busy();
      return writeAttribute(host, address, value);
    },
    "stream.get": ({ stream }) => host.stream(stream).info(),
    "stream.preview": ({ stream, patch }) => {
      const known = host.stream(stream);
      const settings = { ...known.settings, ...patch };
      try {
        return {
          ...known.info(),
          settings,
          geometry: known.geometry(settings),
          geometryError: null,
        };
      } catch (thrown) {
        const { detail } = thrown as { detail: NonNullable<StreamInfo["geometryError"]> };
        return { ...known.info(), settings, geometry: null, geometryError: detail };
      }
    },
    "stream.configure": ({ stream, patch, continueRecording }) => {
      const known = host.stream(stream);
      if (known.recording && !continueRecording) throw busy();
      known.geometry({ ...known.settings, ...patch });
      known.settings = { ...known.settings, ...patch };
      if (known.state.kind === "running") {
        known.stop();
        known.start();
      }
      return publish(known);
    },
    "stream.start": ({ stream }) => {
      const known = host.stream(stream);
      if (known.device().presence === "gone") {
        throw fail("ENODEV", "The device is gone. Plug it in again; it returns here by itself.");
      }
      known.start();
      return publish(known);
    },
    "stream.stop": ({ stream }) => stop(host.stream(stream)),
    "stream.single": async ({ stream, scans, preScans }) => {
      const known = host.stream(stream);
      known.start();
      publish(known);
      await new Promise((done) => setTimeout(done, 150));
      stop(known);
      const end = known.scans();
      return { fromScan: Math.max(0, end - scans - preScans), toScan: end, trigger: null };
    },
    "stream.trigger": ({ stream, trigger }) => {
      const known = host.stream(stream);
      const recording = host.recordings.get(stream);
      const other = JSON.stringify(known.trigger) !== JSON.stringify(trigger);
      if (recording?.status().captures && known.trigger && other) {
        throw fail(
          "BUSY_RECORDING",
          `“${recording.name}” records around this trigger. Stop it, then change the trigger.`,
          { field: "trigger" },
        );
      }
      known.trigger = trigger;
      return publish(known);
    },
    "stream.counters": ({ stream }) => host.stream(stream).counters(),
    "stream.tune": (request) => tunings.run(request),
    "stream.tuneStop": ({ stream }) => {
      tunings.cancel(stream);
      return null;
    },
    "stream.pin": ({ stream, fromScan, toScan }) => {
      const known = host.stream(stream);
      const blocks = (toScan - fromScan) / known.geometry().scansPerBlock;
      known.pinnedBlocks = Math.min(12, Math.ceil(blocks) + 1);
      return { fromScan, toScan };
    },
    "stream.unpin": ({ stream }) => {
      host.stream(stream).pinnedBlocks = 0;
      return null;
    },
    "stream.fault": ({ stream, fault }) => {
      const known = host.stream(stream);
      const device = known.device().id;
      if (fault === "vanish") host.unplug(device);
      if (fault === "none" && known.device().presence === "gone") host.plug(device);
      if (fault === "lost-blocks") known.addGap(known.geometry().scansPerBlock * 3, 0);
      return null;
    },
    "view.frame": (request) => {
      const known = host.stream(request.stream);
      return makeFrame(known.frameSource(attribute(known)), request);
    },
    "view.samples": ({ fromScan }) => ({ fromScan, values: new Int32Array(0) }),
    "view.blocks": () => null,
    "view.credit": () => null,
    "recording.start": ({ stream, name, note, captures }) => {
      const known = host.stream(stream);
      if (known.state.kind !== "running") known.start();
      const device = known.device().label || known.device().name;
      const stamp = new Date().toISOString().slice(0, 19).replace("T", "_").replaceAll(":", "-");
      const title = name || `${stamp}_${device}`;
      const recording = new FakeRecording(known, title, note || "", 0, captures);
      known.recording = recording.name;
      host.recordings.set(known.id, recording);
      publish(known);
      host.emit("recording.list", { list: host.entries() });
      return recording.status();
    },
    "recording.captures": ({ stream, from = 0 }) =>
      host.recordingOf(stream)?.captureList(from) ?? { ...NO_CAPTURES, from },
    "recording.stop": ({ stream }) => {
      const known = host.stream(stream);
      const result = host.endRecording(known, null);
      if (!result) throw fail("NOT_RECORDING", "Nothing records on this stream.");
      publish(known);
      return result;
    },
    "recording.schedule": ({ stream, startAtMs, untilMs }) => {
      const secondsLeft = Math.max(0, startAtMs - Date.now()) / 1000;
      const schedule = {
        ...{ stream, startAtMs, untilMs: untilMs ?? null, secondsLeft },
        state: { kind: "waiting" as const },
      };
      host.emit("recording.schedule", { schedule });
      return schedule;
    },
    "recording.unschedule": ({ stream }) => {
      const error = { code: "CANCELLED", message: "The recording was cancelled." };
      const state = { kind: "over" as const, error };
      const schedule = { stream, startAtMs: 0, untilMs: null, secondsLeft: 0, state };
      host.emit("recording.schedule", { schedule });
      return null;
    },
    "recording.check": ({ stream }) => {
      const streamBytesPerSecond = host.stream(stream).counters().bytesPerSecond || 246e6;
      return {
        bytesPerSecond: 1.9e9,
        why: null,
        direct: true,
        freeBytes: FREE_BYTES,
        streamBytesPerSecond,
        secondsUntilFull: FREE_BYTES / streamBytesPerSecond,
      };
    },
    "recording.ringKeep": ({ name }) => {
      const recording = [...host.recordings.values()].find((known) => known.name === name);
      if (!recording) throw fail("NOT_FOUND", `No ring named ${name} is being recorded.`);
      return recording.status();
    },
    "recording.keep": ({ stream, seconds, fromScan = 0, toScan = 0, name = "kept" }) => {
      const known = host.stream(stream);
      const past = seconds ?? (toScan - fromScan) / known.rateHz();
      const recording = new FakeRecording(known, name, "", past);
      recording.end(null);
      host.list = [recording.asEntry(), ...host.list];
      host.emit("recording.list", { list: host.entries() });
      return recording.result(null);
    },
    "recording.annotate": ({ name, newName, note }) => {
      const recording = [...host.recordings.values()].find((known) => known.name === name);
      if (!recording) throw fail("NOT_FOUND", `There is no recording ${name}.`);
      if (newName) {
        if (host.list.some((known) => known.name === newName)) {
          throw fail("EEXIST", `There is a recording ${newName} already. Choose another name.`, {
            field: "newName",
          });
        }
        recording.name = newName;
        recording.stream.recording = newName;
      }
      if (note !== undefined) recording.note = note;
      host.emit("recording.list", { list: host.entries() });
      return recording.status();
    },
    "recording.list": () => host.entries(),
    "recording.open": ({ name }) => host.openRecording(name),
    "recording.close": ({ name }) => {
      host.closeRecording(name);
      return null;
    },
    "recording.rename": ({ name, newName }) => {
      for (const one of host.ended.values()) if (one.name === name) one.name = newName;
      host.list = host.list.map((one) =>
        one.name === name ? { ...one, name: newName, device: `rec:${newName}` } : one,
      );
      host.emit("recording.list", { list: host.entries() });
      return null;
    },
    "recording.delete": ({ name }) => {
      host.list = host.list.filter((one) => one.name !== name);
      host.emit("recording.list", { list: host.entries() });
      return null;
    },
    "recording.show": ({ name }) => ({ path: `/bench/${name}.sigmf-meta`, shown: false }),
    "recording.folder": ({ folder }) =>
      folder.startsWith("/srv")
        ? { kind: "refused", message: "/srv can't be written by you. Choose another folder." }
        : folder.includes("new")
          ? {
              kind: "made",
              message: `${folder} is not there yet. It is made when recording begins.`,
            }
          : { kind: "ready", message: "" },
    "group.start": (request) => groups.start(request),
    "group.stop": ({ name }) => groups.stop(name),
    "settings.get": () => host.settings,
    "settings.set": (patch) => {
      const { recordings, ...rest } = patch;
      if (recordings?.folder?.startsWith("/srv")) {
        throw fail("EACCES", "You may not write there. Choose a folder of your own.", {
          field: "recordings.folder",
        });
      }
      Object.assign(host.settings, rest);
      Object.assign(host.settings.recordings, recordings);
      host.emit("settings", { settings: host.settings });
      return host.settings;
    },
    doctor: () => ({
      checks: [
        {
          id: "kernel",
          title: "Kernel",
          state: "good",
          detail: "Linux 6.12 has the IIO DMABUF interface.",
          fix: [],
        },
        {
          id: "devices",
          title: "IIO devices",
          state: "missing",
          detail: "No device is in /sys/bus/iio/devices. Its driver may not be loaded.",
          fix: ["sudo modprobe iio_simple_dummy"],
        },
        {
          id: "udmabuf",
          title: "udmabuf",
          state: "warning",
          detail: "You may not open /dev/udmabuf, so recordings cost one copy.",
          fix: ["sudo usermod -aG iio $USER"],
        },
      ],
    }),
  };
}
