/** `devices`: contexts, devices, links, channels, buffers with transport and reasons, attributes. */
import type { AttributeInfo, DeviceInfo, Inventory } from "../../../shared/device.js";
import { formatAttributeName } from "../../../shared/device.js";
import { formatBytes, plural } from "../../../shared/figures.js";
import type { RecordingEntry } from "../../../shared/recording.js";
import { formatScanFormat } from "../../../shared/parse-format.js";
import type { Arguments } from "../arguments.js";
import { operands } from "../arguments.js";
import type { Output } from "../output.js";
import { openSession } from "../session.js";

export async function devices(args: Arguments, output: Output): Promise<void> {
  operands(args, 0, 0, "no operands");
  const session = await openSession(args);
  try {
    const inventory = await session.client.request("inventory.get", {});
    const filled = await Promise.all(
      inventory.devices.map(async (device) => ({
        ...device,
        attributes: await session.client
          .request("device.readAttributes", { device: device.id })
          .catch(() => device.attributes),
      })),
    );
    const recordings = await session.client.request("recording.list", {});
    const answer = { contexts: inventory.contexts, devices: filled, recordings };
    output.answer(answer, () => describe(answer, recordings));
  } finally {
    await session.close();
  }
}

function describe(inventory: Inventory, recordings: readonly RecordingEntry[]): string[] {
  return inventory.contexts.flatMap((context) => [
    `${context.label}  ${context.detail}`,
    ...(context.state.kind === "unavailable" ? [`  ${context.state.error.message}`] : []),
    ...inventory.devices
      .filter((device) => device.context === context.id)
      .flatMap((device) => describeDevice(device).map((line) => `  ${line}`)),
    ...(context.kind === "recordings"
      ? recordings.map((one) => `  ${describeRecording(one)}`)
      : []),
  ]);
}

function describeRecording({ name, label, bytes, gaps, state }: RecordingEntry): string {
  const words = [
    ...[name, label, formatBytes(bytes)],
    gaps > 0 ? plural(gaps, "gap") : "",
    state === "complete" ? "" : state,
  ];
  return words.filter(Boolean).join("  ");
}

function describeDevice(device: DeviceInfo): string[] {
  const links = device.links.map(
    (link) => `linked to ${link.device} (${link.role}, by ${link.origin})`,
  );
  return [
    [device.id, device.name, device.label, device.detail].filter(Boolean).join("  "),
    ...links.map((line) => `  ${line}`),
    ...device.channels.map((channel) => {
      const scan = channel.scan
        .map(
          (each) =>
            `buffer${each.buffer} index ${each.index} ${formatScanFormat(each.format)}${each.enabled ? " on" : ""}`,
        )
        .join(", ");
      return `  channel ${channel.id} ${channel.direction}${channel.label ? ` "${channel.label}"` : ""} ${scan}`.trimEnd();
    }),
    ...device.pairs.map((pair) => `  pair ${pair.id}: I ${pair.i}, Q ${pair.q}`),
    ...device.buffers.flatMap((buffer) => [
      `  buffer${buffer.index} ${buffer.direction}: ${buffer.transport}. ${buffer.why}`,
      ...(buffer.fix ? [`    ${buffer.fix}`] : []),
      ...(buffer.needsTrigger
        ? [`    device trigger: ${device.currentTrigger ?? "none chosen"}`]
        : []),
    ]),
    ...device.attributes.map((attribute) => `  ${describeAttribute(attribute)}`),
  ];
}

function describeAttribute(attribute: AttributeInfo): string {
  const name = formatAttributeName(attribute.scope, attribute.name);
  const { value, available } = attribute;
  const shown =
    value.state === "ok"
      ? value.raw
      : value.state === "failed"
        ? `(${value.error.message})`
        : "(not read)";
  const choices =
    available.kind === "list"
      ? `  of ${available.values.join(" ")}`
      : available.kind === "range"
        ? `  ${available.min} to ${available.max} in steps of ${available.step}`
        : "";
  return `${name} = ${shown}${choices}`;
}
