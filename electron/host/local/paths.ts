/** Where things are, under the roots given. Only this file knows the shape of /sys and /dev. */

import type { Sysfs } from "./sysfs.js";

export interface Roots {
  sysfs: string;
  dev: string;
}

export class LocalPaths {
  readonly bus: string;
  readonly heaps: string;
  readonly udmabuf: string;

  constructor(readonly roots: Roots) {
    this.bus = `${roots.sysfs}/bus/iio/devices`;
    this.heaps = `${roots.dev}/dma_heap`;
    this.udmabuf = `${roots.dev}/udmabuf`;
  }

  /** `iio:device0` or `trigger0`. */
  entry(sysName: string): string {
    return `${this.bus}/${sysName}`;
  }

  /** Character device of an IIO device. */
  node(sysName: string): string {
    return `${this.roots.dev}/${sysName}`;
  }

  /**
   * A sibling in the real device tree: entries of the bus are links, and the kernel resolves `..` behind them. It exists
   * if both have the same parent.
   */
  sibling(sysName: string, other: string): string {
    return `${this.entry(sysName)}/../${other}`;
  }

  /** Devices without a hardware parent stand at the top of /sys/devices, where all are neighbours. */
  async hasParent(sysfs: Sysfs, sysName: string): Promise<boolean> {
    return !(await sysfs.exists(this.sibling(sysName, "virtual")));
  }

  /**
   * Name of the hardware parent, found as the entry beside its own kind that holds the device: links are not read, only
   * followed. "" without a parent, or where it can't be found.
   */
  async place(sysfs: Sysfs, sysName: string): Promise<string> {
    if (!(await this.hasParent(sysfs, sysName))) return "";
    const beside = `${this.entry(sysName)}/../..`;
    const entries = await sysfs.list(beside).catch(() => []);
    for (const { name, kind } of entries) {
      if (kind === "directory" && (await sysfs.exists(`${beside}/${name}/${sysName}`))) return name;
    }
    return "";
  }

  get hrtimerTriggers(): string {
    return `${this.roots.sysfs}/kernel/config/iio/triggers/hrtimer`;
  }

  get udmabufLimit(): string {
    return `${this.roots.sysfs}/module/udmabuf/parameters/size_limit_mb`;
  }

  /** Name of the board, where firmware or the device tree tells. */
  get boardNames(): string[] {
    return [
      `${this.roots.sysfs}/firmware/devicetree/base/model`,
      `${this.roots.sysfs}/class/dmi/id/board_name`,
      `${this.roots.sysfs}/class/dmi/id/product_name`,
    ];
  }
}
