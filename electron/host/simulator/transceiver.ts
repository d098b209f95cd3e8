/** A transceiver as found in the field: a control device with LO and gain, and a receiver with I and Q of 12 bits. */
import type { SimulatorChannel } from "../../../native/addon.js";
import {
  listAttribute,
  numberAttribute,
  onChannel,
  onDevice,
  readOnlyAttribute,
  switchAttribute,
  type SimAttribute,
} from "./attribute.js";
import { scanElement, SILENT, type SimDevice } from "./device.js";

const PHY = "sim:transceiver-phy";
const RX = "sim:transceiver";
/** A carrier in the air: 10 dB below full scale at a gain of 42 dB. */
const CARRIER_HZ = 2_140_500_000;
const CARRIER_DBFS = -10;
const REFERENCE_GAIN_DB = 42;
/** What automatic gain aims at. */
const AUTOMATIC_DBFS = -12;
/** Noise of the receiver at the reference gain, counts rms. */
const NOISE_COUNTS = 3;
const FULL_SCALE = 2048;

export function createTransceiver(): SimDevice[] {
  const rx = onChannel("voltage0");
  const lo = onChannel("altvoltage0");
  const rate = numberAttribute(
    { scope: rx, name: "sampling_frequency" },
    { value: 3_840_000, min: 520_833, max: 61_440_000, unit: "Hz", slider: true, reshapes: true },
  );
  const bandwidth = numberAttribute(
    { scope: rx, name: "rf_bandwidth" },
    { value: 3_000_000, min: 200_000, max: 56_000_000, unit: "Hz", slider: true },
  );
  const gainMode = listAttribute(
    { scope: rx, name: "gain_control_mode" },
    { value: "manual", values: ["manual", "fast_attack", "slow_attack", "hybrid"] },
  );
  const gain = numberAttribute(
    { scope: rx, name: "hardwaregain" },
    { value: 42, min: -3, max: 71, decimals: 6, suffix: " dB", unit: "dB", slider: true },
  );
  const frequency = numberAttribute(
    { scope: lo, name: "frequency" },
    { value: 2_140_000_000, min: 70_000_000, max: 6_000_000_000, unit: "Hz", slider: true },
  );
  const powerdown = switchAttribute({ scope: lo, name: "powerdown" });
  const port = listAttribute(
    { scope: rx, name: "rf_port_select" },
    { value: "A_BALANCED", values: ["A_BALANCED", "B_BALANCED", "C_BALANCED", "TX_MONITOR1"] },
  );

  const offsetHz = (): number => CARRIER_HZ - frequency.get();
  const hears = (): boolean =>
    !powerdown.get() &&
    port.get() === "A_BALANCED" &&
    Math.abs(offsetHz()) < Math.min(rate.get(), bandwidth.get()) / 2;
  const gainNow = (): number => {
    if (gainMode.get() === "manual") return gain.get();
    const wanted = hears() ? REFERENCE_GAIN_DB + AUTOMATIC_DBFS - CARRIER_DBFS : 71;
    return Math.min(71, wanted);
  };
  const levelDbfs = (): number => CARRIER_DBFS + gainNow() - REFERENCE_GAIN_DB;
  /** rssi of these parts counts down from full scale. */
  const rssi = readOnlyAttribute(
    { scope: rx, name: "rssi" },
    () => `${(hears() ? 51.25 - levelDbfs() : 115).toFixed(2)} dB`,
    "dB",
  );

  const part = (quadrature: boolean): SimulatorChannel => {
    const noise = NOISE_COUNTS * 10 ** ((gainNow() - REFERENCE_GAIN_DB) / 20);
    if (!hears()) return { ...SILENT, noise };
    const hz = offsetHz();
    // I is the cosine; Q the sine, which turns over for a carrier below the LO.
    return {
      ...SILENT,
      waveform: "sine",
      frequencyHz: Math.abs(hz),
      amplitude: FULL_SCALE * 10 ** (levelDbfs() / 20),
      noise,
      phase: quadrature ? (hz < 0 ? 0.5 : 0) : 0.25,
    };
  };
  return [
    receiver(part, () => rate.get()),
    control([
      readOnlyAttribute({ scope: onDevice, name: "ensm_mode" }, () => "fdd"),
      frequency,
      powerdown,
      rate,
      bandwidth,
      gainMode,
      gain,
      port,
      rssi,
    ]),
  ];
}

function receiver(
  part: (quadrature: boolean) => SimulatorChannel,
  rateHz: () => number,
): SimDevice {
  return {
    id: RX,
    name: "transceiver-rx",
    label: "transceiver",
    detail: "12-bit I/Q",
    driver: "iio-studio simulator",
    channels: (["i", "q"] as const).map((modifier, index) => ({
      id: `voltage0_${modifier}`,
      direction: "in",
      type: "voltage",
      modifier,
      label: () => `rx0 ${modifier.toUpperCase()}`,
      scan: scanElement(index, "le:s12/16>>4"),
      scale: () => "0.488281250",
    })),
    attributes: [],
    buffer: {
      needsTrigger: false,
      rate: () => ({
        address: { device: PHY, scope: onChannel("voltage0"), name: "sampling_frequency" },
        rateHz: rateHz(),
      }),
      waits: () => false,
      waveform: (channel) => part(channel.endsWith("_q")),
    },
    links: [{ device: PHY, role: "control", origin: "name" }],
    triggers: () => [],
  };
}

function control(attributes: SimAttribute[]): SimDevice {
  return {
    id: PHY,
    name: "transceiver-phy",
    label: "transceiver-phy",
    detail: "control",
    driver: "iio-studio simulator",
    channels: [
      { id: "voltage0", direction: "in", type: "voltage", label: () => "rx0" },
      { id: "altvoltage0", direction: "out", type: "altvoltage", label: () => "RX_LO" },
    ],
    attributes,
    buffer: null,
    links: [{ device: RX, role: "receiver", origin: "name" }],
    triggers: () => [],
  };
}
