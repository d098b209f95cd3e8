/** Views, panels, dialogs: what the window does with itself. */
import { focusTrigger } from "../inspector/focus-trigger.js";
import { missingTrigger } from "../lib/device-trigger.js";
import { useInventory } from "../stores/inventory.js";
import { useNotices } from "../stores/notices.js";
import { useSettings } from "../stores/settings.js";
import { useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";
import { useWindow } from "../stores/window.js";
import type { Command } from "./command.js";

/** Where "focus the filter" finds its field. */
export const FILTER_ID = "device-filter";

export function windowCommands(): Command[] {
  const settings = useSettings();
  const views = useViews();
  const windows = useWindow();
  const inventory = useInventory();
  const { layout } = settings;
  const noView = () => (views.focusedTab ? null : "there is no view");

  return [
    {
      id: "view.new",
      title: "New scope view",
      category: "View",
      keys: ["Alt+N"],
      icon: "plus",
      blocked: noView,
      run: () => views.focusStream && views.open(views.focusStream),
    },
    {
      id: "view.splitRight",
      title: "Split to the right",
      category: "View",
      keys: ["Alt+V"],
      icon: "split",
      blocked: noView,
      run: () => views.split("right"),
    },
    {
      id: "view.splitBelow",
      title: "Split below",
      category: "View",
      keys: ["Alt+H"],
      blocked: noView,
      run: () => views.split("below"),
    },
    {
      id: "view.close",
      title: "Close the view",
      category: "View",
      keys: ["Alt+W"],
      icon: "close",
      blocked: () => (views.tabs.length > 1 ? null : "the last view stays"),
      run: () => views.focusedTab && views.close(views.focusedTab.id),
    },
    {
      id: "view.next",
      title: "Next view",
      category: "View",
      keys: ["Alt+."],
      blocked: () => (views.tabs.length > 1 ? null : "there is one view"),
      run: () => views.step(1),
    },
    {
      id: "view.previous",
      title: "Previous view",
      category: "View",
      keys: ["Alt+,"],
      blocked: () => (views.tabs.length > 1 ? null : "there is one view"),
      run: () => views.step(-1),
    },
    {
      id: "window.palette",
      title: "Command palette…",
      category: "Window",
      keys: ["Ctrl+Shift+P"],
      icon: "search",
      run: () => windows.open("palette"),
    },
    {
      id: "window.filter",
      title: "Filter devices",
      category: "Window",
      keys: ["/"],
      run: () => {
        layout.explorerOpen = true;
        requestAnimationFrame(() => document.getElementById(FILTER_ID)?.focus());
      },
    },
    {
      id: "window.explorer",
      title: "Devices",
      category: "Window",
      keys: ["Ctrl+B"],
      checked: () => layout.explorerOpen,
      run: () => (layout.explorerOpen = !layout.explorerOpen),
    },
    {
      id: "window.inspector",
      title: "Inspector",
      category: "Window",
      keys: ["Ctrl+I"],
      checked: () => layout.inspectorOpen,
      run: () => (layout.inspectorOpen = !layout.inspectorOpen),
    },
    {
      id: "window.advanced",
      title: "Advanced buffer settings",
      category: "Window",
      keys: ["Alt+B"],
      checked: () => layout.advanced,
      run: () => {
        layout.inspectorOpen = true;
        layout.advanced = !layout.advanced;
      },
    },
    {
      id: "window.theme",
      title: () => (settings.theme === "dark" ? "Light theme" : "Dark theme"),
      category: "Window",
      keys: ["T"],
      run: () => settings.change({ theme: settings.theme === "dark" ? "light" : "dark" }),
    },
    {
      id: "window.settings",
      title: "Settings…",
      category: "Window",
      keys: ["Ctrl+,"],
      icon: "settings",
      run: () => windows.open("settings"),
    },
    {
      id: "window.notices",
      title: "Close all messages",
      category: "Window",
      keys: ["Shift+Esc"],
      blocked: () => {
        const notices = useNotices();
        return notices.banners.length + notices.lines.length > 0 ? null : "there are none";
      },
      run: () => useNotices().closeAll(),
    },
    {
      id: "device.read",
      title: "Read all attributes again",
      category: "Device",
      keys: ["Ctrl+Shift+E"],
      blocked: () => (layout.selected ? null : "no device is selected"),
      run: () => layout.selected && inventory.readAttributes(layout.selected.device),
    },
    {
      id: "device.simulator",
      title: "Simulator",
      category: "Device",
      keys: ["Ctrl+Shift+S"],
      checked: () => settings.settings.simulator,
      run: async () => {
        await settings.change({ simulator: !settings.settings.simulator });
        await inventory.refresh();
      },
    },
    {
      id: "device.doctor",
      title: "Why is my device missing?",
      category: "Device",
      keys: ["D"],
      run: () => windows.open("doctor"),
    },
    {
      id: "device.trigger",
      title: "Choose the device trigger",
      category: "Device",
      keys: ["Alt+T"],
      blocked: () => {
        const device = views.focusDevice;
        const needed = device?.buffers.some(({ needsTrigger }) => needsTrigger);
        return needed || device?.triggers.length ? null : "this device needs none";
      },
      run: () => {
        const device = views.focusDevice;
        const stream = views.focusStream ? useStreams().infos.get(views.focusStream) : undefined;
        return device && focusTrigger(layout, device.id, missingTrigger(device, stream));
      },
    },
    {
      id: "help.keys",
      title: "Keys",
      category: "Help",
      keys: ["?"],
      icon: "help",
      run: () => windows.open("keys"),
    },
  ];
}
