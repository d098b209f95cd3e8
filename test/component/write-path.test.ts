/** The transport panel tells how samples go to the disk while they do. */
import { userEvent } from "vitest/browser";
import { expect, test } from "vitest";
import { ADC, mountWindow, soon } from "./window.js";

test("how samples go to the disk stands in the transport panel while it records", async () => {
  const { host } = await mountWindow();
  const told = () => document.body.textContent?.includes("straight from their own memory");
  expect(told()).toBe(false);
  await userEvent.keyboard("r");
  await soon(() => expect(told()).toBe(true));
  host.endRecording(host.stream(ADC), null);
  await soon(() => expect(told()).toBe(false));
});
