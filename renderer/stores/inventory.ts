/** Contexts, devices and their attribute values as the host tells them, and what the user does to them. */
import { defineStore } from "pinia";
import { computed, ref, shallowReactive, shallowRef } from "vue";

import {
  formatAttributeName,
  type AttributeAddress,
  type AttributeInfo,
  type AttributeValue,
  type ContextInfo,
  type DeviceId,
  type DeviceInfo,
  type Inventory,
} from "../../shared/device.js";
import { useConnection } from "./connection.js";
import type { EventSource } from "./event-gate.js";

/** One string per attribute of the whole inventory. */
export function attributeKey(address: AttributeAddress): string {
  return `${address.device} ${formatAttributeName(address.scope, address.name)}`;
}

const MEASURED = /(^|_)(raw|input|processed)$/;

export const useInventory = defineStore("inventory", () => {
  const connection = useConnection();
  const contexts = shallowRef<ContextInfo[]>([]);
  const devices = shallowReactive(new Map<DeviceId, DeviceInfo>());
  const values = shallowReactive(new Map<string, AttributeValue>());
  const reading = new Set<DeviceId>();
  /** Room where recordings go, as the host last told; null before it has. */
  const freeBytes = ref<number | null>(null);
  const takeFree = (context: ContextInfo) => {
    if (context.freeBytes !== undefined) freeBytes.value = context.freeBytes;
  };

  function listen(host: EventSource): void {
    host.on("context", ({ context }) => {
      takeFree(context);
      const known = contexts.value.filter(({ id }) => id !== context.id);
      const at = contexts.value.findIndex(({ id }) => id === context.id);
      contexts.value = at < 0 ? [...known, context] : known.toSpliced(at, 0, context);
    });
    host.on("device", ({ device }) => put(device));
    host.on("device.removed", ({ device }) => remove(device));
    host.on("attribute", ({ address, value }) => void values.set(attributeKey(address), value));
  }

  function load(inventory: Inventory): void {
    contexts.value = inventory.contexts;
    inventory.contexts.forEach(takeFree);
    const present = new Set(inventory.devices.map((device) => device.id));
    for (const id of [...devices.keys()]) if (!present.has(id)) remove(id);
    for (const device of inventory.devices) put(device);
  }

  /** Asks for everything again: a context that was switched off has no event. */
  async function refresh(): Promise<void> {
    load(await connection.request("inventory.get", {}));
  }

  function put(device: DeviceInfo): void {
    // One that comes back has what it begins with: what was read before says nothing of it.
    const before = devices.get(device.id);
    if (before?.presence === "gone" && device.presence === "present") forgetValues(before);
    devices.set(device.id, device);
    takeValues(device.id, device.attributes);
  }

  function remove(id: DeviceId): void {
    const device = devices.get(id);
    devices.delete(id);
    if (device) forgetValues(device);
  }

  function forgetValues({ id, attributes }: DeviceInfo): void {
    for (const { scope, name } of attributes) {
      values.delete(attributeKey({ device: id, scope, name }));
    }
  }

  /** "unread" never overwrites a value that was read. */
  function takeValues(device: DeviceId, attributes: AttributeInfo[]): void {
    for (const { scope, name, value } of attributes) {
      const key = attributeKey({ device, scope, name });
      if (value.state !== "unread" || !values.has(key)) values.set(key, value);
    }
  }

  function value(address: AttributeAddress): AttributeValue {
    return values.get(attributeKey(address)) ?? { state: "unread" };
  }

  /** Reads all attributes of a device, once at a time. */
  async function readAttributes(device: DeviceId): Promise<void> {
    if (reading.has(device)) return;
    reading.add(device);
    try {
      takeValues(device, await connection.request("device.readAttributes", { device }));
    } finally {
      reading.delete(device);
    }
  }

  async function readAttribute(address: AttributeAddress): Promise<void> {
    values.set(attributeKey(address), await connection.request("attribute.read", address));
  }

  /** Rejects with what the device says; `kept` in it is what holds. */
  async function writeAttribute(
    address: AttributeAddress,
    text: string,
    continueRecording = false,
  ): Promise<AttributeValue> {
    const kept = await connection.request("attribute.write", {
      ...address,
      value: text,
      ...(continueRecording ? { continueRecording } : {}),
    });
    values.set(attributeKey(address), kept);
    void readMeasured(address);
    return kept;
  }

  /** What the device measures, or works out, may be another after something of it was set. */
  async function readMeasured({ device, scope, name }: AttributeAddress): Promise<void> {
    const written = attributeKey({ device, scope, name });
    const measured = (devices.get(device)?.attributes ?? []).filter(
      ({ access, name: own }) => access === "read" || MEASURED.test(own),
    );
    for (const attribute of measured) {
      const address = { device, scope: attribute.scope, name: attribute.name };
      // Not read yet, or not to be read while its buffer runs: nothing old stands there.
      if (attributeKey(address) === written || value(address).state !== "ok") continue;
      await readAttribute(address).catch(() => undefined);
    }
  }

  async function rename(device: DeviceId, channel: string | null, label: string): Promise<void> {
    put(await connection.request("device.label", { device, channel, label }));
  }

  async function pair(
    device: DeviceId,
    i: string,
    q: string,
    action: "join" | "part" | "swap",
  ): Promise<void> {
    put(await connection.request("device.pair", { device, i, q, action }));
  }

  async function link(device: DeviceId, to: DeviceId, linked: boolean): Promise<void> {
    put(await connection.request("device.link", { device, to, linked }));
  }

  const list = computed(() => [...devices.values()]);

  /** A recording that runs tells more often than the context does. */
  function noteFree(bytes: number): void {
    freeBytes.value = bytes;
  }

  return {
    contexts,
    devices,
    values,
    list,
    freeBytes,
    listen,
    load,
    refresh,
    noteFree,
    value,
    readAttributes,
    readAttribute,
    writeAttribute,
    rename,
    pair,
    link,
  };
});
