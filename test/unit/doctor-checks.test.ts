import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runDoctor } from "../../electron/host/doctor/index.js";
import type { DoctorOptions } from "../../electron/host/doctor/index.js";
import { GROUP, installRule, ruleSource } from "../../electron/host/local/fixes.js";
import type { DoctorCheck } from "../../shared/doctor.js";
import { FakeSysfs } from "./fake-sysfs.js";

let sys: FakeSysfs;

beforeEach(() => {
  sys = new FakeSysfs();
});
afterEach(() => {
  expect(sys.openControls).toBe(0);
  sys.dispose();
});

async function examine(more: Partial<DoctorOptions> = {}): Promise<Map<string, DoctorCheck>> {
  const { checks } = await runDoctor({
    addon: sys.addon(),
    roots: sys.roots,
    kernelRelease: "6.12.117-amd64",
    user: { uid: 1000, name: "ada", groups: [1000] },
    systemRoot: sys.root,
    ...more,
  });
  for (const check of checks) {
    expect(`${check.title}: ${check.detail}`).toMatch(/^\S.* .*\.$/s);
    if (check.state !== "good") expect(check.fix, check.id).not.toEqual([]);
    else expect(check.fix).toEqual([]);
  }
  expect(new Set(checks.map((check) => check.id)).size).toBe(checks.length);
  return new Map(checks.map((check) => [check.id, check]));
}
const adc = { name: "adc", buffers: [{ scan: { in_voltage0: "le:s16/16" } }] };
const put = (path: string, text: string) => {
  const file = join(sys.root, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
};

describe("the doctor", () => {
  it("is content with a machine that has everything", async () => {
    sys.device(0, adc);
    sys.hrtimer(0, "t0", "100");
    sys.heap("system");
    sys.heap("udmabuf");
    put("etc/group", "root:x:0:\niio:x:990:ada\n");
    put("etc/udev/rules.d/60-iio-studio.rules", "");
    put("sys/module/udmabuf/parameters/size_limit_mb", "64\n");
    put("proc/self/limits", "Max realtime priority     40                   40\n");
    const checks = await examine({
      user: { uid: 1000, name: "ada", groups: [1000, 990] },
      recordingsFolder: join(sys.root, "dev/not/made/yet"),
    });
    expect([...checks.values()].filter((check) => check.state !== "good")).toEqual([]);
    expect(checks.get("iio")!.detail).toBe("1 found: adc.");
    expect(checks.get("udmabuf-limit")!.detail).toMatch(/64 MiB/);
    expect(checks.get("recordings")!.detail).toMatch(/1 TB free.*made when needed/);
    expect(checks.get("node-iio:device0")!.state).toBe("good");
  });

  it("names the kernel that is needed", async () => {
    expect((await examine({ kernelRelease: "6.1.0-rpi" })).get("kernel")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("came with 6.11"),
    });
    expect((await examine({ kernelRelease: "5.4.0" })).get("kernel")!.state).toBe("missing");
    expect((await examine({ kernelRelease: "7.0.1" })).get("kernel")!.state).toBe("good");
  });

  it("tells a missing subsystem from a missing device", async () => {
    expect((await examine()).get("iio")).toMatchObject({ state: "warning" });
    const roots = { sysfs: join(sys.root, "none"), dev: sys.roots.dev };
    expect((await examine({ roots })).get("iio")).toMatchObject({
      state: "missing",
      fix: ["sudo modprobe industrialio"],
    });
  });

  it("gives a stranger the rule and the group, for devices and for memory", async () => {
    sys.device(0, adc);
    sys.heap("system", 13);
    sys.heap("udmabuf", 13);
    sys.probe = () => ({ getFd: 13, attach: 0, holder: "" });
    const checks = await examine();
    for (const id of ["node-iio:device0", "heap-system", "udmabuf", "udev-rule", "group"])
      expect(checks.get(id)!.state, id).toBe("missing");
    for (const id of ["node-iio:device0", "heap-system", "udmabuf"]) {
      const fix = checks.get(id)!.fix.join("\n");
      expect(fix).toContain("60-iio-studio.rules");
      expect(fix).toContain("usermod --append --groups iio");
    }
  });

  it("tells membership that begins with the next login", async () => {
    put("etc/group", "iio:x:990:bob,ada\n");
    expect((await examine()).get("group")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("Log out and in again"),
    });
    put("etc/group", "iio:x:990:bob\n");
    expect((await examine()).get("group")).toMatchObject({ state: "missing" });
  });

  it("does not miss its rule where another opens all", async () => {
    sys.device(0, adc);
    sys.heap("system");
    expect((await examine()).get("udev-rule")!.state).toBe("good");
    sys.probe = () => ({ getFd: 13, attach: 0, holder: "" });
    expect((await examine()).get("udev-rule")!.state).toBe("missing");
  });

  it("asks root for nothing", async () => {
    const checks = await examine({ user: { uid: 0, name: "root", groups: [0] } });
    expect(checks.get("group")!.state).toBe("good");
    expect(checks.get("udev-rule")!.state).toBe("good");
  });

  it("prints the commands that create an hrtimer trigger", async () => {
    const fix = (await examine()).get("triggers")!.fix.join("\n");
    expect(fix).toContain("modprobe iio-trig-hrtimer");
    expect(fix).toContain("mkdir /sys/kernel/config/iio/triggers/hrtimer/t0");
    expect(fix).toContain("sampling_frequency");
    mkdirSync(join(sys.roots.sysfs, "kernel/config/iio/triggers/hrtimer"), { recursive: true });
    expect((await examine()).get("triggers")!.fix.join("\n")).not.toContain("modprobe");
  });

  it("names who holds a device", async () => {
    sys.device(0, adc);
    sys.probe = () => ({ getFd: 16, attach: 0, holder: "iiod (process 712)" });
    expect((await examine()).get("node-iio:device0")!.detail).toContain("iiod (process 712)");
  });

  it("sees a small udmabuf limit, few open files and a folder that can't be used", async () => {
    sys.heap("udmabuf");
    put("sys/module/udmabuf/parameters/size_limit_mb", "1\n");
    put("file", "");
    const addon = { ...sys.addon(), raiseFileLimit: () => ({ soft: 1024, hard: 1024 }) };
    const checks = await examine({ addon, recordingsFolder: join(sys.root, "file/inside") });
    expect(checks.get("udmabuf-limit")!.state).toBe("warning");
    expect(checks.get("files")!.state).toBe("warning");
    expect(checks.get("recordings")).toMatchObject({
      state: "missing",
      detail: expect.stringContaining("no folder"),
    });
    const little = { ...sys.addon(), freeBytes: async () => 5e8 };
    const full = await examine({ addon: little, recordingsFolder: sys.root });
    expect(full.get("recordings")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("500 MB free"),
    });
  });

  it("goes on when one look fails", async () => {
    const broken = {
      ...sys.addon(),
      raiseFileLimit: () => {
        throw new Error("no limits today.");
      },
    };
    const checks = await examine({ addon: broken });
    expect(checks.get("files")!.detail).toMatch(/could not be looked at: no limits today/);
    expect(checks.get("kernel")!.state).toBe("good");
  });
});

describe("the shipped udev rule", () => {
  const copying = (lines: string[]) => lines.filter((line) => line.includes("60-iio-studio.rules"));

  it("is installed from where it came with the program, in any folder one stands in", () => {
    const resources = mkdtempSync(join(tmpdir(), "studio's resources "));
    mkdirSync(join(resources, "udev"));
    writeFileSync(join(resources, "udev", "60-iio-studio.rules"), "the rule\n");
    const packaged = ruleSource(resources);
    expect(packaged).toBe(join(resources, "udev", "60-iio-studio.rules"));
    expect(isAbsolute(ruleSource())).toBe(true);
    expect(existsSync(ruleSource())).toBe(true);
    const [line] = copying(installRule(resources, packaged));
    const target = join(resources, "installed");
    const local = line!
      .replace("sudo ", "")
      .replace("/etc/udev/rules.d/60-iio-studio.rules", '"$T"');
    execFileSync("sh", ["-c", local], { env: { ...process.env, T: target } });
    expect(readFileSync(target, "utf8")).toBe("the rule\n");
  });

  it("is found from a bundle of the sources", () => {
    const bundle = resolve("dist", "main");
    expect(ruleSource(undefined, bundle)).toBe(
      resolve("electron/packaging/udev/60-iio-studio.rules"),
    );
  });

  it("is not copied where a package has installed it", () => {
    const root = mkdtempSync(join(tmpdir(), "studio-root-"));
    expect(copying(installRule(root))).toHaveLength(1);
    mkdirSync(join(root, "usr/lib/udev/rules.d"), { recursive: true });
    writeFileSync(join(root, "usr/lib/udev/rules.d/60-iio-studio.rules"), "");
    expect(copying(installRule(root))).toEqual([]);
    expect(installRule(root).join()).toContain("udevadm trigger");
  });

  it("names the group of the fixes, and no glob that a shell would expand", () => {
    const rule = readFileSync(ruleSource(), "utf8");
    expect(rule).toContain(`GROUP="${GROUP}"`);
    const run = /RUN\+="([^"]*)"/.exec(rule)![1]!;
    expect(run).toContain(`chgrp ${GROUP}`);
    expect(run).not.toMatch(/[*?[$]/);
    expect(run.replace("%p", "")).not.toContain("%");
  });
});
