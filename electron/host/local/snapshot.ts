/** What lies in a device's directory: names and the few values that make the device's description. Nothing is written. */
import { parseScanFile } from "../../../shared/names.js";
import type { Direction } from "../../../shared/names.js";
import type { Sysfs, SysfsEntry } from "./sysfs.js";

export interface ScanFiles {
  direction: Direction;
  stem: string;
  en: string;
  index: string;
  type: string;
}

export interface BufferSnapshot {
  /** Y of `bufferY`, the index for GET_FD. */
  index: number;
  dir: string;
  scan: ScanFiles[];
  /** Its other files. */
  files: SysfsEntry[];
}

export interface DeviceSnapshot {
  sysName: string;
  dir: string;
  files: SysfsEntry[];
  buffers: BufferSnapshot[];
  /** `trigger/current_trigger` is there: the buffer can be clocked by a device trigger. */
  triggered: boolean;
  /** Path → text, of what was read. */
  texts: Map<string, string>;
}

/** Files that describe the device rather than being attributes of it. */
const NOT_ATTRIBUTES = /^(name|label|dev|uevent|modalias|waiting_for_supplier)$/;

export async function takeSnapshot(
  sysfs: Sysfs,
  sysName: string,
  dir: string,
): Promise<DeviceSnapshot> {
  const entries = await sysfs.list(dir);
  const buffers = await listBuffers(sysfs, dir, entries);
  const files = entries.filter((entry) => entry.kind === "file");
  const snapshot: DeviceSnapshot = {
    sysName,
    dir,
    files: files.filter((entry) => !NOT_ATTRIBUTES.test(entry.name)),
    buffers,
    triggered: entries.some((entry) => entry.name === "trigger" && entry.kind === "directory"),
    texts: new Map(),
  };
  snapshot.texts = await sysfs.readMany(wantedTexts(snapshot, files).map((path) => path));
  return snapshot;
}

async function listBuffers(
  sysfs: Sysfs,
  dir: string,
  entries: readonly SysfsEntry[],
): Promise<BufferSnapshot[]> {
  const numbered = entries
    .filter((entry) => entry.kind === "directory" && /^buffer\d+$/.test(entry.name))
    .map((entry) => Number(entry.name.slice("buffer".length)))
    .sort((a, b) => a - b);
  const buffers: BufferSnapshot[] = [];
  for (const index of numbered) {
    const bufferDir = `${dir}/buffer${index}`;
    buffers.push(makeBuffer(index, bufferDir, await sysfs.list(bufferDir), bufferDir, []));
  }
  // Kernels before 5.11 have one buffer, in two directories; later ones keep these as aliases of buffer 0.
  if (buffers.length === 0 && entries.some((entry) => entry.name === "scan_elements")) {
    const scanDir = `${dir}/scan_elements`;
    const own = await sysfs.list(`${dir}/buffer`);
    buffers.push(makeBuffer(0, `${dir}/buffer`, own, scanDir, await sysfs.list(scanDir)));
  }
  return buffers;
}

function makeBuffer(
  index: number,
  dir: string,
  entries: readonly SysfsEntry[],
  scanDir: string,
  legacyScan: readonly SysfsEntry[],
): BufferSnapshot {
  const scan = new Map<string, ScanFiles>();
  const files: SysfsEntry[] = [];
  for (const entry of [...entries, ...legacyScan]) {
    const parsed = entry.kind === "file" ? parseScanFile(entry.name) : null;
    if (!parsed) {
      if (entry.kind === "file") files.push(entry);
      continue;
    }
    const { direction, stem } = parsed;
    const base = `${scanDir}/${direction}_${stem}`;
    scan.set(`${direction}_${stem}`, {
      direction,
      stem,
      en: `${base}_en`,
      index: `${base}_index`,
      type: `${base}_type`,
    });
  }
  return { index, dir, scan: [...scan.values()], files };
}

/** Names, labels, formats, scaling, rates and what values are taken. Other values are read when somebody looks. */
function wantedTexts(snapshot: DeviceSnapshot, files: readonly SysfsEntry[]): string[] {
  const { dir } = snapshot;
  const wanted = /(^name|^label|_label|_available|scale|offset|sampling_frequency)$/;
  const paths = files
    .filter((entry) => readable(entry) && wanted.test(entry.name))
    .map((entry) => `${dir}/${entry.name}`);
  if (snapshot.triggered) paths.push(`${dir}/trigger/current_trigger`);
  for (const buffer of snapshot.buffers) {
    for (const scan of buffer.scan) paths.push(scan.en, scan.index, scan.type);
    for (const entry of buffer.files) {
      const known = /^(direction|length_align_bytes)$/.test(entry.name) || wanted.test(entry.name);
      if (known && readable(entry)) paths.push(`${buffer.dir}/${entry.name}`);
    }
  }
  return paths;
}

export function readable(entry: SysfsEntry): boolean {
  return (entry.mode & 0o444) !== 0;
}

export function writable(entry: SysfsEntry): boolean {
  return (entry.mode & 0o222) !== 0;
}
