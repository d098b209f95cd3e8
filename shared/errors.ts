/** What went wrong, in a form that crosses every door: a code, a sentence, and where known the system call behind it. */
export interface StudioError {
  /** errno name (`EACCES`) or one of our own (`BAD_REQUEST`, `BUSY_RECORDING`, `NOT_FOUND`, …). */
  code: string;
  /** One sentence: the cause, then the next step. */
  message: string;
  errno?: number;
  syscall?: string;
  /** For the log and the command line; never interpreted by the renderer. */
  path?: string;
  /** A command that would mend it, shown whole with a copy button. */
  fix?: string;
  /** The request's field that was refused, so that the message can stand beside it. */
  field?: string;
  /** What the device kept, where a write was refused. */
  kept?: string;
}

/** The same as a throwable. Every error that leaves the host passes through {@link toStudioError}. */
export class StudioFailure extends Error {
  readonly code: string;
  constructor(readonly detail: StudioError) {
    super(detail.message);
    this.name = "StudioFailure";
    this.code = detail.code;
  }
}

/** Shorthand to throw: `throw fail("NOT_FOUND", "…")`. */
export function fail(
  code: string,
  message: string,
  more: Omit<StudioError, "code" | "message"> = {},
): StudioFailure {
  return new StudioFailure({ code, message, ...more });
}

/** Turns anything thrown (ours, the addon's, Node's, a bug's) into a StudioError without losing its cause. */
export function toStudioError(thrown: unknown): StudioError {
  if (thrown instanceof StudioFailure) return thrown.detail;
  if (thrown instanceof Error) {
    const more = thrown as Error & Partial<StudioError>;
    const detail: StudioError = {
      code: typeof more.code === "string" ? more.code : "INTERNAL",
      message: thrown.message,
    };
    if (typeof more.errno === "number") detail.errno = Math.abs(more.errno);
    if (typeof more.syscall === "string") detail.syscall = more.syscall;
    if (typeof more.path === "string") detail.path = more.path;
    if (typeof more.fix === "string") detail.fix = more.fix;
    if (typeof more.field === "string") detail.field = more.field;
    if (typeof more.kept === "string") detail.kept = more.kept;
    return detail;
  }
  return { code: "INTERNAL", message: String(thrown) };
}
