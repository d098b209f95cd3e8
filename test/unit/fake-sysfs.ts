/**
 * A tree like /sys and /dev in a temporary folder, and an addon whose control threads read and write it. Drivers'
 * answers are hooks: what a write keeps, what a read refuses.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Addon, NativeControl, ProbeResult } from "../../native/addon.js";

export interface FakeBuffer {
  /** `in_voltage0` → `_type`, in the order of their index. */
  scan: Record<string, string>;
  files?: Record<string, string>;
}

export interface FakeDevice {
  name: string;
  /** Folder under /sys/devices; "" for a device without hardware parent. */
  parent?: string;
  /** A value beginning with `ro:` makes the file read-only, `wo:` write-only. */
  files?: Record<string, string>;
  buffers?: FakeBuffer[];
  /** One buffer in `buffer` and `scan_elements`, as before Linux 5.11. */
  legacy?: boolean;
  /** Value of trigger/current_trigger; undefined: there is no trigger directory. */
  trigger?: string;
}

export function errnoError(code: string, path = ""): Error {
  const errno = (constants.errno as Record<string, number>)[code] ?? 5;
  return Object.assign(new Error(`${code}: ${path}`), { code, errno, path, syscall: "write" });
}

/** Waits for what comes by itself; generous, because the machine may be busy. */
export function eventually(look: () => unknown): {
  toBe(value: unknown): Promise<void>;
  toEqual(value: unknown): Promise<void>;
} {
  return expect.poll(look, { timeout: 20_000 });
}

type WriteHook = (text: string) => string | Error;
type ReadHook = () => string | Error | Promise<string>;

export class FakeSysfs {
  readonly root = mkdtempSync(join(tmpdir(), "fake-sysfs-"));
  readonly roots = { sysfs: join(this.root, "sys"), dev: join(this.root, "dev") };
  /** Writes that came through control threads, as `file=text`, in order. */
  readonly written: string[] = [];
  readonly probes: string[] = [];
  /** errno by heap name; those not named are ENOENT. */
  readonly heaps: Record<string, number> = {};
  probe: (node: string, index: number, withHeap: boolean) => ProbeResult = () => ({
    getFd: 0,
    attach: 0,
    holder: "",
  });
  netlink = true;
  openControls = 0;
  private listeners = new Set<(fields: string[]) => void>();
  private readonly writeHooks = new Map<string, WriteHook>();
  private readonly readHooks = new Map<string, ReadHook>();

  constructor() {
    mkdirSync(join(this.roots.sysfs, "devices/virtual"), { recursive: true });
    mkdirSync(join(this.roots.sysfs, "bus/iio/devices"), { recursive: true });
    mkdirSync(this.roots.dev, { recursive: true });
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Path of an entry as the program uses it. */
  path(sysName: string, file = ""): string {
    return join(this.roots.sysfs, "bus/iio/devices", sysName, file);
  }

  heap(name: string, errno = 0): void {
    this.heaps[name] = errno;
    const path = join(this.roots.dev, name === "udmabuf" ? name : `dma_heap/${name}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
  }

  device(number: number, device: FakeDevice): string {
    const sysName = `iio:device${number}`;
    const dir = this.entry(sysName, device.parent ?? `platform/${device.name}`);
    this.put(join(dir, "name"), `ro:${device.name}`);
    this.put(join(dir, "dev"), "ro:250:0");
    this.put(join(dir, "uevent"), "DEVNAME=x");
    for (const [file, text] of Object.entries(device.files ?? {})) this.put(join(dir, file), text);
    (device.buffers ?? []).forEach((buffer, index) => {
      const own = join(dir, device.legacy ? "buffer" : `buffer${index}`);
      this.putBuffer(own, device.legacy ? join(dir, "scan_elements") : own, buffer);
    });
    if (device.trigger !== undefined)
      this.put(join(dir, "trigger/current_trigger"), device.trigger);
    writeFileSync(join(this.roots.dev, sysName), "");
    return sysName;
  }

  private putBuffer(dir: string, scanDir: string, buffer: FakeBuffer): void {
    const files = { length: "2", watermark: "1", enable: "0", direction: "ro:in", ...buffer.files };
    for (const [file, text] of Object.entries(files)) this.put(join(dir, file), text);
    Object.entries(buffer.scan).forEach(([channel, type], at) => {
      this.put(join(scanDir, `${channel}_en`), "0");
      this.put(join(scanDir, `${channel}_index`), `ro:${at}`);
      this.put(join(scanDir, `${channel}_type`), `ro:${type}`);
    });
  }

  trigger(number: number, name: string, files: Record<string, string> = {}, parent = ""): void {
    const dir = this.entry(`trigger${number}`, parent);
    for (const [file, text] of Object.entries({ name: `ro:${name}`, ...files }))
      this.put(join(dir, file), text);
  }

  hrtimer(number: number, name: string, rate: string): void {
    this.trigger(number, name, { sampling_frequency: rate });
    mkdirSync(join(this.roots.sysfs, "kernel/config/iio/triggers/hrtimer", name), {
      recursive: true,
    });
  }

  private entry(sysName: string, parent: string): string {
    const real = join(this.roots.sysfs, "devices", parent, sysName);
    mkdirSync(real, { recursive: true });
    const link = this.path(sysName);
    if (existsSync(link)) rmSync(link);
    symlinkSync(real, link);
    return real;
  }

  remove(sysName: string): void {
    const link = this.path(sysName);
    const parents = join(this.roots.sysfs, "devices");
    for (const entry of readdirSync(parents, { recursive: true, withFileTypes: true }))
      if (entry.name === sysName) rmSync(join(entry.parentPath, sysName), { recursive: true });
    rmSync(link);
    rmSync(join(this.roots.dev, sysName), { force: true });
  }

  put(path: string, text: string): void {
    const [, flag, value] = /^(?:(ro|wo):)?([^]*)$/.exec(text)!;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${value}\n`);
    chmodSync(path, flag === "ro" ? 0o444 : flag === "wo" ? 0o200 : 0o644);
  }

  /** What the driver keeps of a write, or the refusal. `file` is the end of the path. */
  onWrite(file: string, hook: WriteHook): void {
    this.writeHooks.set(file, hook);
  }

  onRead(file: string, hook: ReadHook): void {
    this.readHooks.set(file, hook);
  }

  uevent(action: string, name: string, subsystem = "iio"): void {
    const path = `/devices/x/${name}`;
    for (const listener of this.listeners)
      listener([
        `${action}@${path}`,
        `ACTION=${action}`,
        `DEVPATH=${path}`,
        `SUBSYSTEM=${subsystem}`,
      ]);
  }

  overflow(): void {
    for (const listener of this.listeners) listener(["overflow"]);
  }

  get following(): number {
    return this.listeners.size;
  }

  private hookFor<H>(hooks: Map<string, H>, path: string): H | undefined {
    for (const [file, hook] of hooks) if (path.endsWith(`/${file}`)) return hook;
    return undefined;
  }

  private async read(path: string): Promise<string> {
    const hook = this.hookFor(this.readHooks, path);
    if (hook) {
      const answer = await hook();
      if (answer instanceof Error) throw answer;
      return `${answer}\n`;
    }
    if ((lstatSync(path).mode & 0o444) === 0) throw errnoError("EACCES", path);
    return readFileSync(path, "utf8");
  }

  private write(path: string, text: string): void {
    this.written.push(`${path.split("/").at(-1)}=${text}`);
    const hook = this.hookFor(this.writeHooks, path);
    const kept = hook ? hook(text) : text.trim();
    if (kept instanceof Error) throw kept;
    if ((lstatSync(path).mode & 0o222) === 0) throw errnoError("EACCES", path);
    writeFileSync(path, `${kept}\n`);
  }

  private control(): NativeControl {
    this.openControls++;
    let open = true;
    return {
      read: (path) => this.read(path),
      write: async (path, text) => this.write(path, text),
      list: async (path) =>
        readdirSync(path, { withFileTypes: true }).map((entry) => ({
          name: entry.name,
          kind: entry.isDirectory() ? "directory" : entry.isSymbolicLink() ? "link" : "file",
          // node:path would take `..` before it follows the link.
          mode: lstatSync(`${path}/${entry.name}`).mode & 0o777,
        })),
      readAll: (paths) =>
        Promise.all(
          paths.map((path) =>
            this.read(path).then(
              (text) => ({ text }),
              (error: Error) => ({ error }),
            ),
          ),
        ),
      // node:path would take `..` before it follows the link; the kernel does not.
      exists: async (path) => existsSync(path),
      close: () => {
        if (open) this.openControls--;
        open = false;
      },
    };
  }

  addon(): Addon {
    const missing = (): never => {
      throw new Error("not part of this fake");
    };
    return {
      version: "fake",
      vectorPath: "baseline",
      openStream: missing,
      openFile: missing,
      openControl: () => this.control(),
      probeHeap: async (_kind, path) => this.heaps[path.split("/").at(-1)!] ?? 2,
      probeBuffer: async (node, index, heap) => {
        this.probes.push(`${node.split("/").at(-1)} ${index}`);
        return this.probe(node.split("/").at(-1)!, index, heap !== null);
      },
      watchUevents: (listener) => {
        if (!this.netlink) throw errnoError("EPERM");
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      raiseFileLimit: () => ({ soft: 4096, hard: 4096 }),
      freeBytes: async () => 1e12,
      crc32c: missing,
      benchPyramid: missing,
      benchTrigger: missing,
      clocks: () => ({ monotonicNs: 0n, realtimeNs: 0n }),
    };
  }
}
