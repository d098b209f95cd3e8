/** What the kernel suite takes of the studio beside the command line: the host itself, and a client of it. */
export { portPair } from "../../../electron/cli/in-process-port.js";
export { createHost } from "../../../electron/host/host.js";
export { verifyRecording } from "../../../electron/host/recordings/verify.js";
export { loadAddon } from "../../../native/load.js";
export { StudioClient } from "../../../shared/client.js";
export { PROTOCOL } from "../../../shared/messages.js";
