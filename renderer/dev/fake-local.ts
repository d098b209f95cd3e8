/** A bench with real devices, as the fake host tells of it: a converter, a sensor, a transceiver, one without buffer. */
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

const noUdmabuf: HeapInfo = {
  name: "udmabuf",
  directWrites: true,
  usable: {
    state: "no",
    error: {
      code: "EACCES",
      message: "You may not open /dev/udmabuf.",
      fix: "sudo usermod -aG iio $USER",
    },
  },
};
const system: HeapInfo = { name: "system", directWrites: false, usable: { state: "yes" } };

export function converter(): DeviceInfo {
  const id = "local:iio:device3";
  const labels = ["gate", "v_sw", "i_L", "v_out"];
  const types = ["voltage", "voltage", "current", "voltage"];
  return device("local", id, "ad7768-4", {
    detail: "24-bit, 4 ch",
    channels: labels.map((label, n) =>
      channel(n, `voltage${n}`, types[n]!, {
        label,
        scale: n === 0 ? "0.4" : n === 3 ? "0.01" : "1",
      }),
    ),
    buffers: [
      inputBuffer({
        transport: "dmabuf",
        why: "udmabuf would need no copy, but you may not open /dev/udmabuf. At 4.10 MB/s that costs nothing you would notice. To allow it:",
        fix: "sudo usermod -aG iio $USER",
        heaps: [noUdmabuf, system],
        rate: { device: id, scope: DEVICE, name: "sampling_frequency" },
        rateHz: 256_000,
      }),
    ],
    attributes: [
      attribute(DEVICE, "sampling_frequency", "256000", { unit: "Hz" }),
      attribute(DEVICE, "filter_type", "wideband", { list: ["sinc5", "wideband"] }),
      attribute(DEVICE, "power_mode", "fast", { list: ["low", "median", "fast"] }),
      attribute(DEVICE, "sync_offset", "0"),
      ...labels.flatMap((label, n) => {
        const scope = channelScope(`voltage${n}`);
        return [
          attribute(scope, "label", label),
          attribute(scope, "scale", "0.000488", { unit: "mV", access: "read" }),
          attribute(scope, "offset", "0", { access: "read" }),
          attribute(scope, "calibbias", n === 1 ? "-12" : "0"),
          attribute(scope, "calibscale", "1.000", { range: ["0", "0.001", "2"] }),
        ];
      }),
    ],
  });
}

export function sensor(): DeviceInfo {
  const id = "local:iio:device4";
  return device("local", id, "adxl355", {
    detail: "20-bit, 3 axes",
    channels: [
      ...["x", "y", "z"].map((axis, n) =>
        channel(n, `accel_${axis}`, "accel", { modifier: axis, scale: "0.001" }),
      ),
      channel(3, "temp", "temp", { scale: "-110.497", enabled: false }),
      channel(4, "timestamp", "timestamp", { format: S64, scale: "1" }),
    ],
    buffers: [
      inputBuffer({
        transport: "read",
        why: "The smallest DMABUF block (4 KiB) would last 1.37 s at this rate, so short reads show each sample sooner.",
        dmabuf: {
          state: "no",
          error: { code: "EPERM", message: "This driver's buffer is a kfifo: it takes no DMABUF." },
        },
        heaps: [],
        needsTrigger: true,
        rate: { device: id, scope: DEVICE, name: "sampling_frequency" },
        rateHz: 125,
      }),
    ],
    attributes: [
      attribute(DEVICE, "sampling_frequency", "125", {
        unit: "Hz",
        list: ["4000", "2000", "1000", "500", "250", "125", "62.5", "31.25"],
      }),
      attribute(DEVICE, "filter_high_pass_3db_frequency", "0", { unit: "Hz" }),
      attribute(DEVICE, "scale", "0.000038246", { unit: "m/s²", access: "read" }),
      attribute(channelScope("temp"), "input", "31620", { unit: "m°C", access: "read" }),
      attribute(channelScope("accel_z"), "calibbias", "1204"),
      attribute(channelScope("accel_z"), "label", "floor, z"),
    ],
    triggers: [
      { name: "adxl355-dev4", rateHz: null, kind: "device" },
      { name: "bench-timer", rateHz: 100, kind: "hrtimer" },
    ],
    currentTrigger: "adxl355-dev4",
  });
}

export function receiver(): DeviceInfo {
  const pair = (n: number, i: string, q: string) =>
    ({ id: `${i}+${q}`, i, q, label: `rx${n}`, origin: "modifier" }) as const;
  return device("local", "local:iio:device1", "cf-ad9361-lpc", {
    label: "ad9361 rx",
    detail: "12-bit I/Q",
    channels: [0, 1, 2, 3].map((n) =>
      channel(n, `voltage${n}`, "voltage", {
        modifier: n % 2 ? "q" : "i",
        scale: "0.25",
        enabled: n < 2,
      }),
    ),
    pairs: [pair(0, "voltage0", "voltage1"), pair(1, "voltage2", "voltage3")],
    buffers: [
      inputBuffer({
        transport: "dmabuf",
        why: "The heap “system” was passed over: its pages refuse direct writes, so each byte would be copied once.",
        heaps: [{ ...noUdmabuf, usable: { state: "yes" } }, system],
        rate: {
          device: "local:iio:device0",
          scope: channelScope("voltage0"),
          name: "sampling_frequency",
        },
        rateHz: 61_440_000,
      }),
    ],
    links: [{ device: "local:iio:device0", role: "control", origin: "name" }],
  });
}

export function receiverControl(): DeviceInfo {
  const rx = channelScope("voltage0");
  const lo = channelScope("altvoltage0");
  return device("local", "local:iio:device0", "ad9361-phy", {
    detail: "",
    channels: [
      { ...channel(0, "voltage0", "voltage", { label: "rx0" }), scan: [] },
      { ...channel(0, "altvoltage0", "altvoltage", { label: "RX_LO" }), scan: [] },
    ],
    attributes: [
      attribute(rx, "sampling_frequency", "61440000", { unit: "Hz" }),
      attribute(rx, "rf_bandwidth", "40000000", { unit: "Hz" }),
      attribute(rx, "gain_control_mode", "manual", {
        list: ["manual", "slow_attack", "fast_attack", "hybrid"],
      }),
      attribute(rx, "hardwaregain", "42.000000 dB", { unit: "dB", range: ["-3", "1", "71"] }),
      attribute(rx, "rf_port_select", "A_BALANCED", {
        list: ["A_BALANCED", "B_BALANCED", "C_BALANCED"],
      }),
      attribute(rx, "quadrature_tracking_en", "1"),
      attribute(rx, "rf_dc_offset_tracking_en", "1"),
      attribute(rx, "bb_dc_offset_tracking_en", "1"),
      attribute(rx, "filter_fir_en", "0"),
      attribute(rx, "rssi", "61.25 dB", { unit: "dB", access: "read" }),
      attribute(lo, "frequency", "2140000000", { unit: "Hz" }),
      attribute(lo, "fastlock_store", "0", { list: ["0", "1", "2", "3"].concat(["4"]) }),
      attribute(lo, "powerdown", "0"),
      attribute(DEVICE, "ensm_mode", "fdd", { list: ["sleep", "wait", "alert", "fdd", "pinctrl"] }),
      attribute(DEVICE, "calib_mode", "auto", {
        list: ["auto", "manual", "tx_quad", "rf_dc_offs"],
      }),
      attribute(DEVICE, "temp0", "41200", { unit: "m°C", access: "read" }),
      attribute(DEVICE, "dcxo_tune_coarse", "8"),
      attribute(DEVICE, "dcxo_tune_fine", "5920"),
    ],
    links: [{ device: "local:iio:device1", role: "receiver", origin: "name" }],
  });
}

export function slowConverter(): DeviceInfo {
  return device("local", "local:iio:device5", "xadc", {
    detail: "no buffer",
    attributes: [attribute(channelScope("temp0"), "raw", "2591", { access: "read" })],
  });
}
