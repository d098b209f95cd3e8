/** A slow inertial sensor: mixed endianness, a timestamp channel, clocked by a device trigger that has to be chosen. */
import type { SimulatorChannel } from "../../../native/addon.js";
import {
  listAttribute,
  numberAttribute,
  onChannel,
  readOnlyAttribute,
  type SimNumber,
} from "./attribute.js";
import { scanElement, SILENT, type SimDevice } from "./device.js";

const ID = "sim:inertial";
/** m/s² per count: ±2 g and ±8 g. */
const SCALES = ["0.000598205", "0.002392820"];
const TEMP_SCALE = 1.953125;
const TEMP_OFFSET = 12_800;
const AXES = ["x", "y", "z"] as const;
/** Names of which one begins with the other: they are told apart whole. */
const TRIGGERS = [
  { name: "sim-timer1", rateHz: 125 },
  { name: "sim-timer10", rateHz: 1000 },
];

/** What each axis feels, in m/s². */
const FELT: Record<(typeof AXES)[number], Partial<SimulatorChannel>> = {
  x: { waveform: "pulses", frequencyHz: 0.22, amplitude: 0.5, duty: 0.03, noise: 0.02 },
  y: { waveform: "sine", frequencyHz: 0.3, amplitude: 0.1, noise: 0.015 },
  z: { waveform: "triangle", frequencyHz: 0.15, amplitude: 0.05, offset: 9.81, noise: 0.02 },
};

export function createInertial(): SimDevice {
  const rates = TRIGGERS.map(({ name, rateHz }) =>
    numberAttribute(
      { scope: { kind: "trigger", trigger: name }, name: "sampling_frequency" },
      { value: rateHz, min: 1, max: 4000, unit: "Hz", reshapes: true },
    ),
  );
  const scale = listAttribute(
    { scope: onChannel("accel_x"), name: "scale" },
    { value: SCALES[0] as string, values: SCALES, unit: "m/s²", reshapes: true },
  );
  const bias = AXES.map((axis) =>
    numberAttribute(
      { scope: onChannel(`accel_${axis}`), name: "calibbias" },
      { value: 0, min: -32_768, max: 32_767 },
    ),
  );
  return {
    id: ID,
    name: "inertial",
    label: "inertial",
    detail: "3 axes",
    driver: "iio-studio simulator",
    channels: [
      ...AXES.map((axis, index) => ({
        id: `accel_${axis}`,
        direction: "in" as const,
        type: "accel",
        modifier: axis,
        label: () => "",
        scan: scanElement(index, "be:s16/16>>0"),
        scale: () => scale.get(),
      })),
      {
        id: "temp",
        direction: "in",
        type: "temp",
        label: () => "",
        scan: scanElement(3, "le:s16/16>>0", false),
        scale: () => String(TEMP_SCALE),
        offset: () => String(TEMP_OFFSET),
      },
      {
        id: "timestamp",
        direction: "in",
        type: "timestamp",
        label: () => "",
        scan: scanElement(4, "le:s64/64>>0"),
        scale: () => "1",
      },
    ],
    attributes: [
      scale,
      ...bias,
      ...AXES.map((axis, index) =>
        readOnlyAttribute({ scope: onChannel(`accel_${axis}`), name: "raw" }, () =>
          String(Math.round(accel(axis, Number(scale.get()), bias[index] as SimNumber).offset)),
        ),
      ),
      readOnlyAttribute({ scope: onChannel("temp"), name: "raw" }, () => String(tempCounts())),
      readOnlyAttribute({ scope: onChannel("temp"), name: "scale" }, () => String(TEMP_SCALE)),
      readOnlyAttribute({ scope: onChannel("temp"), name: "offset" }, () => String(TEMP_OFFSET)),
      ...rates,
    ],
    buffer: {
      needsTrigger: true,
      rate: (trigger) => {
        const index = TRIGGERS.findIndex((one) => one.name === trigger);
        const rate = rates[index];
        if (!rate) return null;
        return {
          address: { device: ID, scope: rate.scope, name: rate.name },
          rateHz: rate.get(),
        };
      },
      waits: () => false,
      waveform: (channel) => {
        if (channel === "temp") return { ...SILENT, offset: tempCounts(), noise: 2 };
        const index = AXES.findIndex((axis) => channel === `accel_${axis}`);
        return accel(
          AXES[index] as (typeof AXES)[number],
          Number(scale.get()),
          bias[index] as SimNumber,
        );
      },
    },
    links: [],
    triggers: () =>
      TRIGGERS.map(({ name }, index) => ({
        name,
        rateHz: (rates[index] as SimNumber).get(),
        kind: "simulator",
      })),
  };
}

function accel(axis: (typeof AXES)[number], scale: number, bias: SimNumber): SimulatorChannel {
  const felt = FELT[axis];
  return {
    ...SILENT,
    ...felt,
    amplitude: (felt.amplitude ?? 0) / scale,
    offset: (felt.offset ?? 0) / scale + bias.get(),
    noise: (felt.noise ?? 0) / scale,
  };
}

/** 31.6 °C. */
function tempCounts(): number {
  return Math.round(31_600 / TEMP_SCALE - TEMP_OFFSET);
}
