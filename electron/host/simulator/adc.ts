/** A 4-channel 16-bit converter with signals to learn on. */
import type { SimulatorChannel } from "../../../native/addon.js";
import {
  listAttribute,
  numberAttribute,
  onChannel,
  onDevice,
  readOnlyAttribute,
  switchAttribute,
  type SimAttribute,
  type SimList,
  type SimNumber,
} from "./attribute.js";
import { scanElement, SILENT, type SimChannel, type SimDevice } from "./device.js";

const WAVEFORMS = ["sine", "square", "triangle", "sweep", "noise", "pulses"] as const;
/** mV per count: ±1.024, ±2.048 and ±5.12 V. */
const SCALES = ["0.031250000", "0.062500000", "0.156250000"];
/** Counts: the front end's own zero error, which a reader who forgets the offset will see. */
const OFFSET = -24;

interface Front {
  waveform: SimList;
  frequency: SimNumber;
  amplitude: SimNumber;
  dcLevel: SimNumber;
  noise: SimNumber;
  sweepEnd: SimNumber;
  sweepTime: SimNumber;
  duty: SimNumber;
  glitchEvery: SimNumber;
  scale: SimList;
}

const DEFAULTS: {
  waveform: (typeof WAVEFORMS)[number];
  hz: number;
  volts: number;
  noise: number;
}[] = [
  { waveform: "sine", hz: 10_000, volts: 0.8, noise: 0.005 },
  { waveform: "square", hz: 10_000, volts: 0.5, noise: 0.002 },
  { waveform: "sweep", hz: 1000, volts: 0.6, noise: 0.002 },
  { waveform: "pulses", hz: 5000, volts: 0.3, noise: 0.002 },
];

export function createAdc(): SimDevice {
  const id = "sim:adc";
  const rate = numberAttribute(
    { scope: onDevice, name: "sampling_frequency" },
    { value: 1_000_000, min: 1000, max: 1_000_000_000, unit: "Hz", reshapes: true },
  );
  const counterMode = switchAttribute({ scope: onDevice, name: "counter_mode" });
  const clock = listAttribute(
    { scope: onDevice, name: "clock" },
    { value: "runs-on", values: ["runs-on", "waits"], needsRestart: true, reshapes: true },
  );
  const fronts = DEFAULTS.map((_, index) => createFront(index));
  const channels = fronts.map((front, index): SimChannel => ({
    id: `voltage${index}`,
    direction: "in",
    type: "voltage",
    label: () => (counterMode.get() ? "counter" : front.waveform.get()),
    scan: scanElement(index, "le:s16/16>>0", index < 2),
    scale: () => front.scale.get(),
    offset: () => String(OFFSET),
  }));
  return {
    id,
    name: "adc",
    label: "adc",
    detail: "16-bit, 4 ch",
    driver: "iio-studio simulator",
    channels,
    attributes: [
      rate,
      counterMode,
      clock,
      ...fronts.flatMap((front, index) => frontAttributes(front, index)),
    ],
    buffer: {
      needsTrigger: false,
      rate: () => ({
        address: { device: id, scope: onDevice, name: rate.name },
        rateHz: rate.get(),
      }),
      waits: () => clock.get() === "waits",
      waveform: (channel) => {
        if (counterMode.get()) return { ...SILENT, waveform: "counter" };
        return frontWaveform(fronts[channels.findIndex((one) => one.id === channel)] as Front);
      },
    },
    links: [],
    triggers: () => [],
  };
}

function createFront(index: number): Front {
  const scope = onChannel(`voltage${index}`);
  const { waveform, hz, volts, noise } = DEFAULTS[index] as (typeof DEFAULTS)[number];
  const level = { unit: "V", decimals: 4, step: 0.0001 };
  return {
    waveform: listAttribute(
      { scope, name: "waveform" },
      { value: waveform, values: [...WAVEFORMS], reshapes: true },
    ),
    frequency: numberAttribute(
      { scope, name: "frequency" },
      { value: hz, min: 0.01, max: 500e6, step: 0.01, decimals: 2, unit: "Hz" },
    ),
    amplitude: numberAttribute(
      { scope, name: "amplitude" },
      { value: volts, min: 0, max: 1, slider: true, ...level },
    ),
    dcLevel: numberAttribute(
      { scope, name: "dc_level" },
      { value: 0, min: -1, max: 1, slider: true, ...level },
    ),
    noise: numberAttribute(
      { scope, name: "noise" },
      { value: noise, min: 0, max: 0.1, slider: true, ...level },
    ),
    sweepEnd: numberAttribute(
      { scope, name: "sweep_end" },
      { value: 50_000, min: 0.01, max: 500e6, step: 0.01, decimals: 2, unit: "Hz" },
    ),
    sweepTime: numberAttribute(
      { scope, name: "sweep_time" },
      { value: 0.01, min: 0.0001, max: 1000, step: 0.0001, decimals: 4, unit: "s" },
    ),
    duty: numberAttribute(
      { scope, name: "duty" },
      {
        value: waveform === "pulses" ? 0.1 : 0.5,
        min: 0.001,
        max: 0.999,
        step: 0.001,
        decimals: 3,
        slider: true,
      },
    ),
    glitchEvery: numberAttribute(
      { scope, name: "glitch_every" },
      { value: 1000, min: 0, max: 1_000_000 },
    ),
    scale: listAttribute(
      { scope, name: "scale" },
      { value: SCALES[0] as string, values: SCALES, unit: "mV", reshapes: true },
    ),
  };
}

function frontAttributes(front: Front, index: number): SimAttribute[] {
  const scope = onChannel(`voltage${index}`);
  return [
    front.waveform,
    front.frequency,
    front.amplitude,
    front.dcLevel,
    front.noise,
    front.sweepEnd,
    front.sweepTime,
    front.duty,
    front.glitchEvery,
    readOnlyAttribute({ scope, name: "raw" }, () => rawReading(front)),
    front.scale,
    readOnlyAttribute({ scope, name: "offset" }, () => String(OFFSET)),
  ];
}

/** Volts to counts: raw = V / scale − offset. */
function frontWaveform(front: Front): SimulatorChannel {
  const countsPerVolt = 1000 / Number(front.scale.get());
  return {
    waveform: front.waveform.get() as SimulatorChannel["waveform"],
    frequencyHz: front.frequency.get(),
    frequencyEndHz: front.sweepEnd.get(),
    sweepSeconds: front.sweepTime.get(),
    amplitude: front.amplitude.get() * countsPerVolt,
    offset: front.dcLevel.get() * countsPerVolt - OFFSET,
    noise: front.noise.get() * countsPerVolt,
    phase: 0,
    duty: front.duty.get(),
    glitchEvery: front.glitchEvery.get(),
  };
}

/** One conversion by hand: of the sine's kind for all, which is enough for a single reading. */
function rawReading(front: Front): string {
  const { frequencyHz, amplitude, offset, noise } = frontWaveform(front);
  const cycles = (frequencyHz * Date.now()) / 1000;
  const value =
    offset + amplitude * Math.sin(2 * Math.PI * cycles) + noise * (Math.random() * 2 - 1);
  return String(Math.round(Math.min(32_767, Math.max(-32_768, value))));
}
