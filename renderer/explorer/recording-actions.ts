/** What can be done to a recording of the list. */
import { formatBytes } from "../../shared/figures.js";
import { fail } from "../../shared/errors.js";
import type { RecordingEntry } from "../../shared/recording.js";
import { useConnection } from "../stores/connection.js";
import { useNotices } from "../stores/notices.js";
import { useRecordings } from "../stores/recordings.js";
import { useWindow } from "../stores/window.js";
import type { RowAction } from "./actions.js";

export function useRecordingActions(of: {
  attempt: (title: string, action: () => unknown) => Promise<boolean>;
  openRecording: (name: string) => Promise<boolean>;
  renameAction: (key: string) => RowAction;
}) {
  const notices = useNotices();
  const recordings = useRecordings();
  const windows = useWindow();

  /** Whether it has another name now. */
  async function rename(name: string, to: string): Promise<boolean> {
    if (to === name) return false;
    return of.attempt("The name stays as it is", () => {
      if (to === "") throw fail("BAD_VALUE", "A recording needs a name.");
      return recordings.rename(name, to);
    });
  }

  async function remove({ name, bytes }: RecordingEntry): Promise<void> {
    const sure = await windows.ask({
      title: `Delete “${name}”?`,
      detail: `All its files (${formatBytes(bytes)}) are deleted for good. Other recordings stay.`,
      yes: "Delete",
      no: "Keep it",
    });
    if (sure) await of.attempt("The recording was not deleted", () => recordings.remove(name));
  }

  /** Where no file manager can be asked, the path is copied; where that is not permitted either, it is said. */
  function show(name: string): Promise<boolean> {
    return of.attempt("The recording was not found", async () => {
      const { path, shown } = await recordings.show(name);
      if (shown) return;
      const copied = await navigator.clipboard.writeText(path).then(
        () => true,
        () => false,
      );
      notices.line({ level: "info", title: copied ? "Path copied" : "It lies here", detail: path });
    });
  }

  function actions(entry: RecordingEntry, isOpen: boolean, key: string): RowAction[] {
    const { name, state } = entry;
    const close = () => of.attempt("It stays open", () => recordings.close(name));
    const { state: door } = useConnection();
    const canShow = door.kind === "open" && door.shell === "electron";
    const title = canShow ? "Show in its folder" : "Copy its path";
    const path: RowAction = { id: "show", title, run: () => show(name) };
    if (state === "recording") return [of.renameAction(key), path];
    return [
      { id: "open", title: "Open", run: () => of.openRecording(name) },
      ...(isOpen ? [{ id: "close", title: "Close", run: close }] : []),
      of.renameAction(key),
      path,
      { id: "delete", title: "Delete…", run: () => remove(entry) },
    ];
  }

  return { actions, rename };
}
