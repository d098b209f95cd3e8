/** What each request does. Thin: checks of values are the schemas', work is done by those it is handed to. */
import { fail } from "../../shared/errors.js";
import { PROTOCOL, type Events } from "../../shared/messages.js";
import type { DoctorReport } from "../../shared/doctor.js";
import type { Inventory } from "./inventory.js";
import type { GroupRecordings } from "./recordings/group.js";
import { lookAtFolder } from "./recordings/look-at-folder.js";
import type { OpenFiles } from "./recordings/open-files.js";
import type { Recordings } from "./recordings/service.js";
import type { Handlers } from "./session.js";
import type { SettingsStore } from "./settings-store.js";
import { BlockForwarder } from "./streams/block-forwarder.js";
import { LiveStream } from "./streams/live-stream.js";
import type { StreamRegistry } from "./streams/registry.js";
import type { SingleAcquisitions } from "./streams/single.js";
import type { Tunings } from "./streams/tune.js";
import { writeAttribute } from "./attribute-write.js";
import { findInstallation } from "./installation.js";
import { pinFor, ShownPictures, unpinFor } from "./pins.js";

/** Reading all attributes of a device at a user's wish. */
const READ_DEADLINE_MS = 5000;

export interface HostParts {
  version: string;
  shell: "electron" | "loopback" | "cli";
  inventory: Inventory;
  settings: SettingsStore;
  streams: StreamRegistry;
  singles: SingleAcquisitions;
  tunings: Tunings;
  recordings: Recordings;
  groups: GroupRecordings;
  files: OpenFiles;
  showFile: ((path: string) => void) | undefined;
  doctor(): Promise<DoctorReport>;
}

export function makeHandlers(host: HostParts): Handlers {
  const shown = new ShownPictures();
  return {
    ...generalHandlers(host),
    ...deviceHandlers(host),
    ...streamHandlers(host, shown),
    ...viewHandlers(host, shown),
    ...recordingHandlers(host),
    "group.start": (request) => host.groups.start(request),
    "group.stop": ({ name }) => host.groups.stop(name),
  };
}

type Some<Prefix extends string> = {
  [N in keyof Handlers as N extends Prefix | `${Prefix}.${string}` ? N : never]: Handlers[N];
};

function generalHandlers(
  host: HostParts,
): Some<"hello" | "inventory" | "settings"> & Pick<Handlers, "doctor"> {
  const { inventory, settings, streams, recordings } = host;
  return {
    hello: ({ protocol }, session) => {
      if (protocol !== PROTOCOL) {
        throw fail(
          "PROTOCOL",
          `This window speaks protocol ${protocol}, the host ${PROTOCOL}. Reload it, or update the older of the two.`,
          { field: "protocol" },
        );
      }
      session.subscribe();
      return {
        protocol: PROTOCOL,
        version: host.version,
        inventory: inventory.list(),
        streams: streams.list(),
        recordings: {
          running: recordings.running(),
          list: recordings.list(),
          groups: host.groups.running(),
          scheduled: recordings.schedules.list(),
        },
        settings: settings.get(),
        shell: host.shell,
        endsWithWindow: session.endsStudio(),
        start: findInstallation().start,
      };
    },
    "inventory.get": () => inventory.list(),
    "settings.get": () => settings.get(),
    "settings.set": (patch) => {
      if (patch.simulator === false) refuseWhileRecorded(host, "sim");
      return settings.set(patch);
    },
    doctor: () => host.doctor(),
  };
}

/** A context with a recording on it can't be switched off. */
function refuseWhileRecorded({ streams, recordings }: HostParts, context: string): void {
  for (const { id, device } of streams.lives()) {
    const name = device.startsWith(`${context}:`) ? recordings.nameOf(id) : null;
    if (name === null) continue;
    throw fail(
      "BUSY_RECORDING",
      `“${name}” is being recorded from the simulator. Stop the recording, then switch it off.`,
      { field: "simulator" },
    );
  }
}

function deviceHandlers(host: HostParts): Some<"device" | "attribute"> {
  const { inventory } = host;
  return {
    "device.get": ({ device }) => inventory.device(device),
    "device.readAttributes": ({ device }) =>
      inventory.contextOf(device).readAttributes(device, READ_DEADLINE_MS),
    "device.link": ({ device, to, linked }) => inventory.setLink(device, to, linked),
    "device.label": ({ device, channel, label }) => inventory.setLabel(device, channel, label),
    "device.pair": ({ device, i, q, action }) => inventory.setPair(device, i, q, action),
    "attribute.read": (address) => inventory.contextOf(address.device).readAttribute(address),
    "attribute.write": ({ value, continueRecording, ...address }) =>
      writeAttribute(host, address, value, continueRecording ?? false),
  };
}

function streamHandlers(host: HostParts, shown: ShownPictures): Some<"stream"> {
  const { streams, inventory } = host;
  return {
    "stream.get": ({ stream }) => streams.get(stream).info(),
    "stream.preview": ({ stream, patch }) => streams.live(stream).preview(patch),
    "stream.configure": ({ stream, patch, continueRecording }) =>
      streams.live(stream).configure(patch, continueRecording ?? false),
    "stream.start": ({ stream }) => streams.live(stream).start(),
    "stream.stop": ({ stream }) => streams.live(stream).stop(),
    "stream.single": ({ stream, scans, preScans }) =>
      host.singles.acquire(streams.live(stream), { scans, preScans }),
    "stream.trigger": ({ stream, trigger }) => {
      const live = streams.live(stream);
      host.recordings.checkTrigger(live, trigger);
      return live.setTrigger(trigger);
    },
    "stream.counters": ({ stream }) => streams.get(stream).counters(),
    "stream.tune": async ({ stream, ...request }, session) => {
      const tuning = host.tunings.begin(streams.live(stream), request);
      session.hold(`tune ${stream}`, () => tuning);
      return tuning.ended.finally(() => session.letGo(`tune ${stream}`));
    },
    "stream.tuneStop": ({ stream }) => {
      host.tunings.cancel(stream);
      return null;
    },
    "stream.pin": ({ stream, key, fromScan, toScan }, session) => {
      if (toScan <= fromScan) {
        throw fail("BAD_REQUEST", "The span ends before it begins. Ask for a later end.", {
          field: "toScan",
        });
      }
      return pinFor(session, streams.live(stream), key, fromScan, toScan);
    },
    "stream.unpin": ({ stream, key }, session) => {
      unpinFor(session, stream, key);
      shown.leave(session, stream, key);
      return null;
    },
    "stream.fault": async ({ stream, fault }) => {
      const { device } = streams.live(stream);
      const context = inventory.contextOf(device);
      if (!context.fault) {
        throw fail(
          "BAD_REQUEST",
          "Faults on demand are the simulator's. Choose one of its devices.",
        );
      }
      await context.fault(device, fault);
      return null;
    },
  };
}

function viewHandlers({ streams }: HostParts, shown: ShownPictures): Some<"view"> {
  return {
    "view.frame": async (request, session) => {
      const { keep, range } = request;
      const stream = streams.get(request.stream);
      // A recording keeps its samples without a pin.
      const kept = keep !== undefined && range.kind !== "range" && stream instanceof LiveStream;
      const pin = kept ? shown.begin(session, stream, keep) : null;
      const frame = await stream.frame(request);
      pin?.(frame);
      return frame;
    },
    "view.samples": ({ stream, channel, fromScan, count }) =>
      streams.get(stream).samples(channel, fromScan, count),
    "view.blocks": ({ stream, on, creditBytes }, session) => {
      const key = `blocks ${stream}`;
      session.letGo(key);
      if (!on) return null;
      const send = (block: Events["blocks"]): boolean => session.tellNow("blocks", block);
      session.hold(key, () => new BlockForwarder(streams.live(stream), creditBytes, send));
      return null;
    },
    "view.credit": ({ stream, bytes }, session) => {
      const forwarder = session.held(`blocks ${stream}`);
      if (!(forwarder instanceof BlockForwarder)) {
        throw fail("BAD_REQUEST", "No blocks are forwarded of this stream. Ask for them first.", {
          field: "stream",
        });
      }
      forwarder.grant(bytes);
      return null;
    },
  };
}

function recordingHandlers({ recordings, files, streams, showFile }: HostParts): Some<"recording"> {
  return {
    "recording.captures": ({ stream, from = 0 }) => {
      const known = streams.get(stream);
      return known.captureList?.(from) ?? recordings.captureList(known.id, from);
    },
    "recording.start": (request) => recordings.start(request),
    "recording.schedule": (request) => recordings.schedule(request),
    "recording.unschedule": ({ stream }) => {
      recordings.schedules.cancel(stream);
      return null;
    },
    "recording.stop": ({ stream }) => recordings.end(stream),
    "recording.folder": ({ folder }) => lookAtFolder(folder),
    "recording.check": ({ stream }) => recordings.check(stream),
    "recording.ringKeep": (request) => recordings.ringKeep(request),
    "recording.keep": (request) => recordings.keep(request),
    "recording.annotate": (request) => recordings.annotate(request),
    "recording.list": () => recordings.listNow(),
    "recording.open": async ({ name }) => (await files.openFile(name)).info(),
    "recording.rename": async ({ name, newName }) => {
      await recordings.rename(name, newName, () => files.closeIfOpen(name));
      return null;
    },
    "recording.delete": async ({ name }) => {
      await recordings.stored.remove(name, () => files.closeIfOpen(name));
      return null;
    },
    "recording.show": async ({ name }) => {
      const path = await recordings.stored.pathOf(name);
      showFile?.(path);
      return { path, shown: showFile !== undefined };
    },
    "recording.close": async ({ name }) => {
      await files.closeFile(name);
      return null;
    },
  };
}
