/** Attributes in the order people look for them: the device, its channels, then the devices linked to it. */
import {
  formatAttributeName,
  type AttributeInfo,
  type AttributeScope,
  type AttributeValue,
  type DeviceInfo,
} from "../../shared/device.js";
import { deviceName, standaloneName } from "./names.js";
import { channelName } from "./traces.js";

export interface AttributeGroup {
  key: string;
  title: string;
  device: DeviceInfo;
  scope: AttributeScope;
  items: AttributeInfo[];
  /** Groups that are seldom needed start closed. */
  closed: boolean;
  /** The simulator's faults on demand; they can be switched while the device is gone. */
  faults: boolean;
}

/** Switches of a simulated device that make it do wrong. */
const FAULT = /^fault_/;

function groupTitle(device: DeviceInfo, scope: AttributeScope, linked: boolean): string {
  const own = linked ? deviceName(device) : standaloneName(device);
  const channel =
    scope.kind === "channel" ? device.channels.find(({ id }) => id === scope.channel) : undefined;
  switch (scope.kind) {
    case "device":
      return own;
    case "channel": {
      const id = scope.channel;
      const name = channel && channelName(channel) !== id ? `${channelName(channel)}, ${id}` : id;
      return linked ? `${own}, ${channel ? channelName(channel) : id}` : name;
    }
    case "buffer":
      return `${linked ? `${own}, ` : ""}buffer${scope.buffer}`;
    case "trigger":
      return `trigger ${scope.trigger}`;
  }
}

function order(scope: AttributeScope, linked: boolean): number {
  if (scope.kind === "device") return linked ? 2 : 0;
  return { channel: 1, buffer: 3, trigger: 4 }[scope.kind];
}

function groupsOf(
  device: DeviceInfo,
  enabled: Set<string> | null,
  linked: boolean,
): AttributeGroup[] {
  const groups = new Map<string, AttributeGroup>();
  for (const info of device.attributes) {
    const faults = device.context === "sim" && FAULT.test(info.name);
    const key = faults
      ? `${device.id} faults`
      : `${device.id} ${formatAttributeName(info.scope, "")}`;
    let group = groups.get(key);
    if (!group) {
      const { scope } = info;
      const off = scope.kind === "channel" && enabled !== null && !enabled.has(scope.channel);
      const rare = scope.kind === "buffer" || scope.kind === "trigger";
      group = {
        key,
        title: faults ? "Faults on demand" : groupTitle(device, scope, linked),
        device,
        scope,
        items: [],
        faults,
        closed:
          rare || (off && device.channels.some((c) => c.id === scope.channel && c.scan.length > 0)),
      };
      groups.set(key, group);
    }
    group.items.push(info);
  }
  return [...groups.values()].sort((a, b) => order(a.scope, linked) - order(b.scope, linked));
}

/** Refused because something holds the device: while its buffer runs, that is as it should be. */
export function isBusy(
  value: AttributeValue,
): value is Extract<AttributeValue, { state: "failed" }> {
  return value.state === "failed" && value.error.code === "EBUSY";
}

/** What a row calls an attribute: faults in words, all others exactly as the driver does. */
export function rowName(group: AttributeGroup, info: AttributeInfo): string {
  return group.faults ? info.name.replace(FAULT, "").replaceAll("_", " ") : info.name;
}

/** `enabled`: channels of the stream that are on; groups of the others start closed. */
export function groupAttributes(
  device: DeviceInfo,
  linked: DeviceInfo[],
  enabled: string[] | null,
): AttributeGroup[] {
  const on = enabled && new Set(enabled);
  const own = groupsOf(device, on, false);
  return [
    ...own.filter(({ faults }) => !faults),
    ...linked.flatMap((other) => groupsOf(other, null, true).filter(({ faults }) => !faults)),
    ...own.filter(({ faults }) => faults),
  ];
}

/** Keeps what has all the words in its name or its group's title. */
export function filterGroups(groups: AttributeGroup[], filter: string): AttributeGroup[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return groups;
  return groups
    .map((group) => ({
      ...group,
      closed: false,
      items: group.items.filter(({ name }) =>
        words.every((word) => `${group.title} ${name}`.toLowerCase().includes(word)),
      ),
    }))
    .filter(({ items }) => items.length > 0);
}
