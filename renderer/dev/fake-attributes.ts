/** Writing attributes of the fake host's devices: what is taken, what is refused, what follows from it. */
import { attributeText } from "../../shared/attributes.js";
import { sameScope, type AttributeAddress, type AttributeInfo } from "../../shared/device.js";
import { fail } from "../../shared/errors.js";
import type { FakeHost } from "./fake-host.js";

/** Throws what the made-up driver says; answers what it kept. */
export function writeAttribute(
  host: FakeHost,
  address: AttributeAddress,
  typed: string,
): AttributeInfo["value"] {
  const info = host.attribute(address);
  const raw = attributeText(info, typed);
  refuse(info, raw, host.attributeRaw(address));
  info.value = { state: "ok", raw, readAtMs: Date.now() };
  if (info.name.startsWith("fault_")) fault(host, address.device, info.name, raw === "1");
  followRate(host, address, Number(raw));
  return info.value;
}

function fault(host: FakeHost, device: string, name: string, on: boolean): void {
  const stream = host.streams.get(`${device}/buffer0`);
  if (name === "fault_vanish") {
    if (on) host.unplug(device);
    else host.plug(device);
  } else if (on) {
    stream?.addGap(stream.geometry().scansPerBlock * 3, 0);
  }
}

/** A rate that was written paces every buffer that names it. */
function followRate(host: FakeHost, address: AttributeAddress, rateHz: number): void {
  for (const device of host.devices.values()) {
    const buffer = device.buffers[0];
    const rate = buffer?.rate;
    if (rate?.device !== address.device || rate.name !== address.name) continue;
    if (!buffer || !sameScope(rate.scope, address.scope)) continue;
    buffer.rateHz = rateHz;
    host.changed(device.id);
    const stream = host.streams.get(`${device.id}/buffer0`);
    if (stream) host.emit("stream", { stream: stream.info() });
  }
}

function refuse(info: AttributeInfo, raw: string, kept: string): void {
  const more = { kept, field: "value" };
  if (info.name === "rf_bandwidth" && Number(raw) > 56e6) {
    throw fail("EINVAL", "At most 56 MHz. The device kept 40 MHz.", more);
  }
  if (info.name === "calibbias" && Math.abs(Number(raw) + 0.5) > 32768) {
    const shown = kept.replace("-", "\u2212");
    throw fail("EINVAL", `\u221232,768 to 32,767. The device kept ${shown}.`, more);
  }
  if (info.available.kind === "range" && Number(raw) > Number(info.available.max)) {
    const words = `At most ${info.available.max}. The device kept ${Number.parseFloat(kept)}.`;
    throw fail("EINVAL", words, more);
  }
}
