/** Mounts the whole window on a fake host, as the page does, and takes it down again. */
import { createPinia, setActivePinia, type Pinia } from "pinia";
import { onTestFinished, vi } from "vitest";
import { createApp } from "vue";
import App from "../../renderer/App.vue";
import { FakeHost, type FakeHostOptions } from "../../renderer/dev/fake-host.js";
import { converter, receiver, receiverControl, sensor } from "../../renderer/dev/fake-local.js";
import { oldRecordings } from "../../renderer/dev/fake-recorder.js";
import {
  simulatedAdc,
  simulatedInertial,
  simulatedTransceiver,
} from "../../renderer/dev/fake-simulator.js";
import { useConnection } from "../../renderer/stores/connection.js";
import { openSession } from "../../renderer/stores/session.js";
import "../../renderer/styles/index.js";
import type { RequestName } from "../../shared/messages.js";

export const ADC = "sim:adc/buffer0";
export const CONVERTER = "local:iio:device3";

export interface MountedWindow {
  host: FakeHost;
  pinia: Pinia;
  root: HTMLElement;
}

/** Only the simulator, as at the first start. */
export const simulatorOnly = () => [simulatedAdc(), simulatedTransceiver(), simulatedInertial()];
/** A bench with real devices too. */
export const bench = () => [
  receiver(),
  receiverControl(),
  converter(),
  sensor(),
  ...simulatorOnly(),
];

/** The layout text that shows a device. */
export function showing(device: string): string {
  return JSON.stringify({
    rows: [
      [{ id: "g", tabs: [{ id: "v", kind: "scope", stream: `${device}/buffer0` }], active: "v" }],
    ],
    focusedView: "v",
    selected: { device, channel: null },
  });
}

/** `before` sets the host up before the window asks it anything. */
export async function mountWindow(
  options: Partial<FakeHostOptions> = {},
  before: (host: FakeHost) => void = () => undefined,
): Promise<MountedWindow> {
  const host = new FakeHost({ devices: simulatorOnly(), recordings: oldRecordings(), ...options });
  before(host);
  const root = document.createElement("div");
  root.id = "app";
  document.body.append(root);
  const pinia = createPinia();
  setActivePinia(pinia);
  const app = createApp(App).use(pinia);
  app.mount(root);
  onTestFinished(() => {
    host.close();
    app.unmount();
    root.remove();
  });
  await openSession(host.port());
  await soon(() => {
    if (!root.querySelector("[role=tree] [role=treeitem]")) throw new Error("not drawn yet");
  });
  return { host, pinia, root };
}

/** From now on what is asked by this name reaches the host later. */
export function slowly(pinia: Pinia, name: RequestName, ms: number): void {
  const client = useConnection(pinia).client!;
  const request = client.request.bind(client);
  client.request = (async (wanted: RequestName, params: never) => {
    if (wanted === name) await new Promise((done) => setTimeout(done, ms));
    return request(wanted, params);
  }) as typeof client.request;
}

/** Waits until it holds; the deadline is for machines that have much else to do. */
export function soon<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { timeout: 15_000, interval: 20 });
}

/** What the host was asked by this name, oldest first. */
export function asked(host: FakeHost, name: string): unknown[] {
  return host.asked.filter((request) => request.name === name).map(({ params }) => params);
}

/** The row of the explorer whose label starts so. */
export function row(label: string): HTMLElement {
  const rows = [...document.querySelectorAll<HTMLElement>("[role=treeitem]")];
  const found = rows.find(
    (element) => element.querySelector(".label")?.textContent?.trim() === label,
  );
  if (!found) throw new Error(`no row is called ${label}`);
  return found;
}

/** The field of an attribute or setting by its accessible name. */
export function field(label: string): HTMLInputElement {
  const found = document.querySelector<HTMLInputElement>(`input[aria-label="${label}"]`);
  if (!found) throw new Error(`no field is called ${label}`);
  return found;
}

/** The sentence that stands beside a field, or "". */
export function sentenceBeside(input: HTMLElement): string {
  const id = input.getAttribute("aria-describedby");
  return (id && document.getElementById(id)?.textContent?.trim()) || "";
}
