/** `attr DEVICE NAME [VALUE]`: reads, or writes and answers what the device kept. */
import { formatAttributeName } from "../../../shared/device.js";
import { StudioFailure } from "../../../shared/errors.js";
import type { Arguments } from "../arguments.js";
import { operands } from "../arguments.js";
import { findDevice, parseAttributeName } from "../device-name.js";
import type { Output } from "../output.js";
import { openSession } from "../session.js";

export async function attr(args: Arguments, output: Output): Promise<void> {
  const [deviceName, attribute, value] = operands(args, 2, 3, "DEVICE NAME [VALUE]") as [
    string,
    string,
    string?,
  ];
  const session = await openSession(args);
  try {
    const device = findDevice(session.hello.inventory, deviceName);
    const address = { device: device.id, ...parseAttributeName(device, attribute) };
    const answer =
      value === undefined
        ? await session.client.request("attribute.read", address)
        : await session.client.request("attribute.write", { ...address, value });
    if (answer.state === "failed") throw new StudioFailure(answer.error);
    const raw = answer.state === "ok" ? answer.raw : null;
    const name = formatAttributeName(address.scope, address.name);
    if (value !== undefined && device.context === "sim") {
      output.note(
        `The simulator begins anew with each command. To record with this value: --set ${device.id}:${name}=${value}`,
      );
    }
    output.answer({ device: device.id, name, value: raw }, () => [raw ?? ""]);
  } finally {
    await session.close();
  }
}
