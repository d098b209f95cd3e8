/** The window: its size comes back as it was left; it appears when it has something to show. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BrowserWindow, screen } from "electron";
import { ORIGIN, webPreferences } from "./security.js";

interface Placement {
  width: number;
  height: number;
  x?: number;
  y?: number;
  maximized: boolean;
}

const FIRST: Placement = { width: 1680, height: 1050, maximized: false };
const LEAST = { width: 960, height: 600 };

function readPlacement(file: string): Placement {
  try {
    const saved = JSON.parse(readFileSync(file, "utf8")) as Placement;
    return Number.isFinite(saved.width) && Number.isFinite(saved.height) ? saved : FIRST;
  } catch {
    return FIRST;
  }
}

function savePlacement(file: string, window: BrowserWindow): void {
  const placement: Placement = { ...window.getNormalBounds(), maximized: window.isMaximized() };
  try {
    writeFileSync(`${file}.new`, JSON.stringify(placement));
    renameSync(`${file}.new`, file);
  } catch {
    // A window that forgets its place is no reason to bother anybody at exit.
  }
}

export function openStudioWindow(options: { preload: string; dataFolder: string; icon: string }) {
  const file = join(options.dataFolder, "window.json");
  const placement = readPlacement(file);
  const area = screen.getPrimaryDisplay().workAreaSize;
  const window = new BrowserWindow({
    ...placement,
    width: Math.min(Math.max(placement.width, LEAST.width), area.width),
    height: Math.min(Math.max(placement.height, LEAST.height), area.height),
    minWidth: LEAST.width,
    minHeight: LEAST.height,
    show: false,
    title: "IIO Studio",
    icon: options.icon,
    backgroundColor: "#14171a",
    autoHideMenuBar: true,
    webPreferences: webPreferences(options.preload),
  });
  if (placement.maximized) window.maximize();
  window.once("ready-to-show", () => window.show());
  window.on("close", () => savePlacement(file, window));
  void window.loadURL(`${ORIGIN}/`);
  return window;
}
