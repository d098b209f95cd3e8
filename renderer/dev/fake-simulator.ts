/** The simulator's three devices, as the fake host tells of them. */
import type { DeviceInfo, HeapInfo } from "../../shared/device.js";
import {
  attribute,
  channel,
  channelScope,
  device,
  DEVICE,
  inputBuffer,
  S64,
} from "./fake-parts.js";

const PAGES: HeapInfo[] = [{ name: "pages", usable: { state: "yes" }, directWrites: true }];
const WHY =
  "Behaves as hardware does: the clock runs on, and what no block was queued for is lost and counted.";
const WAVES = ["sine", "square", "triangle", "sweep", "noise", "pulses"];

export function simulatedAdc(): DeviceInfo {
  const waves = ["sine", "square", "sweep", "pulses"];
  return device("sim", "sim:adc", "adc", {
    detail: "16-bit, 4 ch",
    channels: [0, 1, 2, 3].map((n) =>
      channel(n, `voltage${n}`, "voltage", { scale: "0.0305175781", enabled: n < 2 }),
    ),
    buffers: [
      inputBuffer({
        transport: "simulator",
        why: WHY,
        heaps: PAGES,
        rate: { device: "sim:adc", scope: DEVICE, name: "sampling_frequency" },
        rateHz: 1e6,
      }),
    ],
    attributes: [
      attribute(DEVICE, "sampling_frequency", "1000000", { unit: "Hz" }),
      attribute(DEVICE, "counter_mode", "0", { list: ["0", "1"] }),
      attribute(DEVICE, "clock", "runs on", { list: ["runs on", "waits"] }),
      ...["stall", "lost_blocks", "transfer_error", "vanish"].map((fault) =>
        attribute(DEVICE, `fault_${fault}`, "0", { list: ["0", "1"] }),
      ),
      ...waves.flatMap((wave, n) => {
        const scope = channelScope(`voltage${n}`);
        return [
          attribute(scope, "waveform", wave, { list: WAVES }),
          attribute(scope, "frequency", "10000", { unit: "Hz" }),
          attribute(scope, "amplitude", n === 1 ? "0.5" : "0.8", {
            unit: "V",
            range: ["0", "0.001", "1"],
          }),
          attribute(scope, "noise", "0.005", { unit: "V", range: ["0", "0.0001", "0.1"] }),
        ];
      }),
    ],
  });
}

export function simulatedTransceiver(): DeviceInfo {
  return device("sim", "sim:transceiver", "transceiver", {
    detail: "12-bit I/Q",
    channels: [
      channel(0, "voltage0_i", "voltage", { modifier: "i", scale: "0.5" }),
      channel(1, "voltage0_q", "voltage", { modifier: "q", scale: "0.5" }),
    ],
    pairs: [
      {
        id: "voltage0_i+voltage0_q",
        i: "voltage0_i",
        q: "voltage0_q",
        label: "rx0",
        origin: "modifier",
      },
    ],
    buffers: [
      inputBuffer({
        transport: "simulator",
        why: WHY,
        heaps: PAGES,
        rate: { device: "sim:transceiver-phy", scope: DEVICE, name: "sampling_frequency" },
        rateHz: 3_840_000,
      }),
    ],
    attributes: [
      attribute(DEVICE, "sampling_frequency", "3840000", { unit: "Hz", access: "read" }),
    ],
    links: [{ device: "sim:transceiver-phy", role: "control", origin: "name" }],
  });
}

export function simulatedTransceiverControl(): DeviceInfo {
  return device("sim", "sim:transceiver-phy", "transceiver-phy", {
    detail: "LO, gain",
    attributes: [
      attribute(DEVICE, "sampling_frequency", "3840000", { unit: "Hz" }),
      attribute(DEVICE, "ensm_mode", "fdd", { list: ["sleep", "alert", "fdd"] }),
      attribute(channelScope("altvoltage0"), "frequency", "2400000000", { unit: "Hz" }),
      attribute(channelScope("altvoltage0"), "powerdown", "0"),
    ],
    links: [{ device: "sim:transceiver", role: "receiver", origin: "name" }],
  });
}

export function simulatedInertial(): DeviceInfo {
  const axes = ["x", "y", "z"];
  return device("sim", "sim:inertial", "inertial", {
    detail: "3 axes",
    channels: [
      ...axes.map((axis, n) =>
        channel(n, `accel_${axis}`, "accel", { modifier: axis, scale: "0.000598" }),
      ),
      channel(3, "timestamp", "timestamp", { format: S64, scale: "1" }),
    ],
    buffers: [
      inputBuffer({
        transport: "simulator",
        why: WHY,
        heaps: PAGES,
        needsTrigger: true,
        rate: {
          device: "sim:inertial",
          scope: { kind: "trigger", trigger: "sim-trigger0" },
          name: "sampling_frequency",
        },
        rateHz: 104,
      }),
    ],
    attributes: [attribute(DEVICE, "sampling_frequency", "104", { unit: "Hz" })],
    triggers: [{ name: "sim-trigger0", rateHz: 104, kind: "simulator" }],
    currentTrigger: "sim-trigger0",
  });
}
