/** The record options of the window: opened by key, filled in as typed, and closed. */
import { userEvent } from "vitest/browser";
import { expect } from "vitest";
import { field, soon } from "./window.js";

export const options = () =>
  document.querySelector<HTMLElement>('[aria-label="Record options"][role]');

export async function openOptions(): Promise<void> {
  await userEvent.keyboard("{Shift>}r{/Shift}");
  await soon(() => expect(options()).not.toBeNull());
}

/** What was typed is taken or refused before this answers. */
export async function type(label: string, text: string): Promise<void> {
  await userEvent.fill(field(label), text);
  await userEvent.keyboard("{Enter}");
  await new Promise((resolve) => requestAnimationFrame(resolve));
}
