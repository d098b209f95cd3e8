/** What floats above the window: dialogs, the palette, and one question at a time. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";

export type DialogName =
  "palette" | "settings" | "keys" | "doctor" | "recording" | "recordOptions" | "tune" | "group";

export interface Question {
  title: string;
  detail: string;
  yes: string;
  no: string;
}

export const useWindow = defineStore("window", () => {
  const dialog = ref<DialogName | null>(null);
  const question = shallowRef<Question | null>(null);
  /** Key of the explorer's row whose name is being edited. */
  const renaming = ref("");
  let settle: (answer: boolean) => void = () => undefined;

  function open(name: DialogName): void {
    dialog.value = name;
  }

  function close(): void {
    dialog.value = null;
  }

  /** A newer question answers an older one with no. */
  function ask(asked: Question): Promise<boolean> {
    settle(false);
    question.value = asked;
    return new Promise((resolve) => (settle = resolve));
  }

  function answer(yes: boolean): void {
    question.value = null;
    settle(yes);
    settle = () => undefined;
  }

  return { dialog, question, renaming, open, close, ask, answer };
});
