/** The colour of a trace, live and in the recording of it. */
import { describe, expect, it } from "vitest";
import { traceSlot } from "../../renderer/lib/traces.js";
import type { ChannelInfo, ChannelPair, DeviceInfo } from "../../shared/device.js";
import { buildMetadata } from "../../shared/sigmf/metadata.js";
import { readMetadata } from "../../shared/sigmf/read.js";
import { channelsOf, factsOf, pair } from "./sigmf-fixture.js";
import { complete, journal } from "./sigmf-journal.js";

const device = (channels: ChannelInfo[], pairs: ChannelPair[] = []) =>
  ({ channels, pairs }) as unknown as DeviceInfo;
const slots = (of: DeviceInfo) =>
  of.channels.map(({ id }) => traceSlot(of, 0, { channel: id, part: "value" }));

const four = channelsOf(
  ["voltage0", "le:s16/16>>0"],
  ["voltage1", "le:s16/16>>0"],
  ["voltage2", "le:s16/16>>0"],
  ["voltage3", "le:s16/16>>0"],
);

describe("the colour of a channel", () => {
  it("is in a recording of some channels what it was live", () => {
    const live = slots(device(four));
    expect(live).toEqual([1, 2, 3, 4]);
    const facts = factsOf([four[0]!, four[3]!]);
    const opened = readMetadata(buildMetadata(facts, facts.outputs[0]!, complete(journal(null))));
    expect(opened.channels.map(({ id }) => id)).toEqual(["voltage0", "voltage3"]);
    expect(slots(device(opened.channels, opened.pairs))).toEqual([live[0], live[3]]);
  });

  it("follows the order where a file does not tell the place in the scan", () => {
    const untold = four.map((channel) => ({
      ...channel,
      scan: channel.scan.map((element) => ({ ...element, index: 0 })),
    }));
    expect(slots(device(untold))).toEqual([1, 2, 3, 4]);
  });

  it("is of no magnitude drawn beside it", () => {
    const iq = channelsOf(["voltage0_i", "le:s16/16>>0"], ["voltage0_q", "le:s16/16>>0"]).map(
      (channel, at) => ({ ...channel, scan: [{ ...channel.scan[0]!, index: at + 2 }] }),
    );
    const one = pair(iq, "voltage0_i", "voltage0_q");
    const of = device(iq, [one]);
    expect(slots(of)).toEqual([3, 4]);
    expect(traceSlot(of, 0, { channel: one.id, part: "magnitude" })).toBe(5);
  });
});
