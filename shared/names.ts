/**
 * Channel names, as `__iio_device_attr_init()` of the kernel builds them:
 *
 *     separate        in_TYPE[N][-TYPE[M]][_MODIFIER][_EXTENDED]_ATTRIBUTE
 *     shared by type  in_TYPE_ATTRIBUTE, in_TYPE-TYPE_ATTRIBUTE
 *     shared by all   ATTRIBUTE
 *
 * The grammar alone is ambiguous (is `_bb_dc_offset` an attribute, or `offset` of a channel named `bb_dc`?), so what is
 * certain is looked at first: scan elements, values and labels name channels; the rest is matched against those.
 */

export type Direction = "in" | "out";

/** A channel's name without direction and attribute: `voltage0_i`, `accel_x`, `voltage0-voltage1`, `timestamp`. */
export interface ChannelStem {
  /** The whole of it. */
  stem: string;
  type: string;
  /** N, or null if the channel has no number. */
  index: number | null;
  /** M of a differential channel, else null. */
  index2: number | null;
  modifier: string;
  /** The driver's extended name, or "". */
  extended: string;
}

const TYPES = new Set(
  (
    "voltage current power accel anglvel magn illuminance intensity proximity temp incli rot angl timestamp " +
    "capacitance altvoltage cct pressure humidityrelative activity steps energy distance velocity concentration " +
    "resistance ph uvindex electricalconductivity count index gravity positionrelative phase massconcentration " +
    "deltaangl deltavelocity colortemp chromaticity attention"
  ).split(" "),
);

/** Longest first, so that `from_north_magnetic_tilt_comp` is not read as `from_north_magnetic`. */
const MODIFIERS = [
  ..."x y z x&y x&z y&z x&y&z x|y x|z y|z x|y|z sqrt(x^2+y^2) sqrt(x^2+y^2+z^2) x^2+y^2+z^2".split(
    " ",
  ),
  ..."both ir clear red green blue uv uva uvb duv quaternion quaternion_axis ambient object".split(
    " ",
  ),
  ..."from_north_magnetic from_north_true from_north_magnetic_tilt_comp".split(" "),
  ..."from_north_true_tilt_comp running jogging walking still i q co2 voc pm1 pm2p5 pm4 pm10".split(
    " ",
  ),
  ..."ethanol h2 o2 linear_x linear_y linear_z pitch yaw roll active reactive apparent rms".split(
    " ",
  ),
].sort((a, b) => b.length - a.length);

/** Attributes that end in `_raw` and the like but belong to the channel before them. */
const COMPOUND = ["peak_raw", "peak_scale", "mean_raw", "trough_raw", "quadrature_correction_raw"];

export interface AttributeName {
  direction: Direction;
  stem: ChannelStem;
  attribute: string;
}

/** Splits the part after `in_`/`out_` into type, numbers and what follows; null if no channel type leads it. */
function splitHead(text: string): { head: ChannelStem; rest: string } | null {
  const match = /^([a-z]+)(\d*)(?:-([a-z]+)(\d*))?(?:_(.*))?$/.exec(text);
  if (!match) return null;
  const [, type, n, type2, m, rest = ""] = match;
  // A number right after a word makes a channel of a type that this program does not know yet.
  if (!TYPES.has(type!) && n === "") return null;
  if (type2 !== undefined && type2 !== type) return null;
  const differential = type2 === undefined ? "" : `-${type2}${m}`;
  return {
    head: {
      stem: `${type}${n}${differential}`,
      type: type!,
      index: n === "" ? null : Number(n),
      index2: m ? Number(m) : null,
      modifier: "",
      extended: "",
    },
    rest,
  };
}

/** Reads a stem that is known to be a channel's (from `_en`, `_type`, `_index`). Never fails: odd names are kept whole. */
export function parseStem(stem: string): ChannelStem {
  const split = splitHead(stem);
  if (!split) {
    return { stem, type: stem, index: null, index2: null, modifier: "", extended: "" };
  }
  const { head, rest } = split;
  const modifier = MODIFIERS.find((name) => rest === name || rest.startsWith(`${name}_`)) ?? "";
  const extended = modifier ? rest.slice(modifier.length + 1) : rest;
  return { ...head, stem, modifier, extended };
}

function splitDirection(file: string): { direction: Direction; rest: string } | null {
  const match = /^(in|out)_(.+)$/.exec(file);
  return match ? { direction: match[1] as Direction, rest: match[2]! } : null;
}

/** `in_accel_x_en` → the channel of a scan element file, or null if the name is none. */
export function parseScanFile(
  file: string,
): { direction: Direction; stem: string; part: "en" | "index" | "type" } | null {
  const split = splitDirection(file);
  const match = split && /^(.+)_(en|index|type)$/.exec(split.rest);
  if (!match) return null;
  return {
    direction: split.direction,
    stem: match[1]!,
    part: match[2] as "en" | "index" | "type",
  };
}

/**
 * Reads one attribute file name by grammar alone. `certain` is true where the name itself proves a channel (a value or
 * a label): then an extended name may be part of it, unless the same channel `has` that value without one
 * (`refin_frequency` beside `frequency` is an attribute).
 */
export function parseAttributeFile(
  file: string,
  has: (file: string) => boolean = () => false,
): { name: AttributeName; certain: boolean } | null {
  const split = splitDirection(file);
  const parts = split && splitHead(split.rest);
  if (!parts || parts.rest === "") return null;
  const { head, rest } = parts;
  const modifier = MODIFIERS.find((name) => rest.startsWith(`${name}_`)) ?? "";
  const after = modifier ? rest.slice(modifier.length + 1) : rest;
  const base = modifier ? `${head.stem}_${modifier}` : head.stem;
  let proof = provenExtension(after, head.type);
  if (proof?.extended && has(`${split.direction}_${base}_${proof.attribute}`)) proof = null;
  const extended = proof?.extended ?? "";
  return {
    certain: proof !== null,
    name: {
      direction: split.direction,
      stem: { ...head, modifier, extended, stem: extended ? `${base}_${extended}` : base },
      attribute: proof?.attribute ?? after,
    },
  };
}

function provenExtension(
  after: string,
  type: string,
): { extended: string; attribute: string } | null {
  if (COMPOUND.some((name) => after.endsWith(name))) return null;
  const proofs = type === "altvoltage" ? "raw|input|label|frequency" : "raw|input|label";
  const match = new RegExp(`^(?:(.+)_)?(${proofs})$`).exec(after);
  return match ? { extended: match[1] ?? "", attribute: match[2]! } : null;
}

/** Where an attribute file belongs. A file shared by type belongs to many channels. */
export interface FoundAttribute {
  file: string;
  attribute: string;
  shared: boolean;
}

export interface FoundChannel {
  direction: Direction;
  stem: ChannelStem;
  attributes: FoundAttribute[];
}

export interface FoundNames {
  channels: FoundChannel[];
  /** Files of the device itself, and those shared by a whole direction (`in_sampling_frequency`). */
  device: string[];
}

/**
 * Sorts a device's files into channels and device attributes.
 * `scanStems` are the channels proven by scan elements.
 */
export function sortAttributeFiles(
  files: readonly string[],
  scanStems: readonly { direction: Direction; stem: string }[],
): FoundNames {
  const channels = new Map<string, FoundChannel>();
  const channelOf = (direction: Direction, stem: ChannelStem): FoundChannel => {
    const key = `${direction}_${stem.stem}`;
    let channel = channels.get(key);
    if (!channel) channels.set(key, (channel = { direction, stem, attributes: [] }));
    return channel;
  };
  for (const { direction, stem } of scanStems) channelOf(direction, parseStem(stem));

  const uncertain: string[] = [];
  const present = new Set(files);
  const parse = (file: string) => parseAttributeFile(file, (other) => present.has(other));
  for (const file of files) {
    const parsed = parse(file);
    if (!parsed?.certain) uncertain.push(file);
    else {
      const { direction, stem, attribute } = parsed.name;
      channelOf(direction, stem).attributes.push({ file, attribute, shared: false });
    }
  }
  // Channels first, so that what is shared by type finds all of them.
  const shared = uncertain.filter((file) => !attachOwn(channels, channelOf, file, parse(file)));
  const device = shared.filter((file) => {
    const parsed = parse(file);
    return !parsed || !attachShared(channels, file, parsed.name);
  });
  return { channels: [...channels.values()], device };
}

/** Gives a file to the channel whose name it begins with, or to one that it makes known; false if neither. */
function attachOwn(
  channels: Map<string, FoundChannel>,
  channelOf: (direction: Direction, stem: ChannelStem) => FoundChannel,
  file: string,
  parsed: ReturnType<typeof parseAttributeFile>,
): boolean {
  const owner = longestOwner(channels, file);
  if (owner) {
    const attribute = file.slice(`${owner.direction}_${owner.stem.stem}_`.length);
    owner.attributes.push({ file, attribute, shared: false });
    return true;
  }
  if (!parsed || !isOwnChannel(parsed.name.stem)) return false;
  const { direction, stem, attribute } = parsed.name;
  if (stem.index === null || !attachShared(channels, file, parsed.name))
    channelOf(direction, stem).attributes.push({ file, attribute, shared: false });
  return true;
}

/** A number or a modifier makes a channel; `in_voltage_scale` without any voltage channel does not. */
function isOwnChannel(stem: ChannelStem): boolean {
  return stem.index !== null || stem.modifier !== "";
}

function longestOwner(channels: Map<string, FoundChannel>, file: string): FoundChannel | null {
  let best: FoundChannel | null = null;
  for (const [key, channel] of channels) {
    const longer = !best || channel.stem.stem.length > best.stem.stem.length;
    if (longer && file.startsWith(`${key}_`)) best = channel;
  }
  return best;
}

/** Gives a file without a channel of its own to all that share it: by type, or by number (`in_voltage0_x` to I and Q). */
function attachShared(
  channels: Map<string, FoundChannel>,
  file: string,
  name: AttributeName,
): boolean {
  const { stem } = name;
  const differential = stem.stem.includes("-");
  const sharing = [...channels.values()].filter(
    (channel) =>
      channel.direction === name.direction &&
      channel.stem.type === stem.type &&
      (stem.index === null
        ? channel.stem.stem.includes("-") === differential
        : channel.stem.stem.startsWith(`${stem.stem}_`)) &&
      (stem.modifier === "" || channel.stem.modifier === stem.modifier),
  );
  for (const channel of sharing) {
    channel.attributes.push({ file, attribute: name.attribute, shared: true });
  }
  return sharing.length > 0;
}

/**
 * Ids of channels, unique within a device: the stem; where an input and an output have the same, the output keeps its
 * prefix (`out_voltage0`).
 */
export function channelIds(
  channels: readonly { direction: Direction; stem: { stem: string } }[],
): string[] {
  const inputs = new Set(
    channels.filter((channel) => channel.direction === "in").map((channel) => channel.stem.stem),
  );
  return channels.map(({ direction, stem }) =>
    direction === "out" && inputs.has(stem.stem) ? `out_${stem.stem}` : stem.stem,
  );
}
