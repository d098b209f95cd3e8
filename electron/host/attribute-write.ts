/** Writing an attribute through the streams it concerns: a rate restarts what runs, and is refused while it records. */
import type { AttributeAddress, AttributeValue } from "../../shared/device.js";
import { sameAddress, type Inventory } from "./inventory.js";
import { busyRecording } from "./streams/faults.js";
import type { LiveStream, RecordingControl } from "./streams/live-stream.js";
import type { StreamRegistry } from "./streams/registry.js";
import { bufferOf } from "./streams/settings.js";

export async function writeAttribute(
  services: { inventory: Inventory; streams: StreamRegistry; recordings: RecordingControl },
  address: AttributeAddress,
  value: string,
  continueRecording: boolean,
): Promise<AttributeValue> {
  const { inventory, streams, recordings } = services;
  inventory.device(address.device);
  const context = inventory.contextOf(address.device);
  const concerned = streams.lives().filter((stream) => concerns(inventory, stream, address));
  const running = concerned.filter((stream) => stream.isRunning());
  for (const { id } of running) {
    const name = recordings.nameOf(id);
    if (name !== null && !continueRecording) throw busyRecording(name, "value");
  }
  let kept: AttributeValue | undefined;
  const write = async (): Promise<void> => {
    kept = await context.writeAttribute(address, value);
  };
  await running.reduceRight<() => Promise<void>>(
    (inner, stream) => () => stream.changeStopped(continueRecording, inner),
    write,
  )();
  for (const stream of concerned) await stream.refresh();
  return kept as AttributeValue;
}

/** Whether the attribute is the rate of a stream, or otherwise takes effect only at its start. */
function concerns(inventory: Inventory, stream: LiveStream, address: AttributeAddress): boolean {
  const device = inventory.find(stream.device);
  const rates = [device && bufferOf(device, stream.buffer)?.rate, stream.info().rate];
  if (rates.some((rate) => rate && sameAddress(address)(rate))) return true;
  if (stream.device !== address.device) return false;
  return inventory.contextOf(address.device).needsRestart?.(address) ?? false;
}
