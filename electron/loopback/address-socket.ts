/** `serve --url` asks a running server for a new address through a socket that only this user can reach. */
import { chmodSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { fail } from "../../shared/errors.js";
import { findInstallation } from "../host/installation.js";
import { runtimeFolder } from "./runtime-folder.js";

const socketPath = (folder: string, port: number) => join(folder, `serve-${port}.sock`);

/** Hands out `newUrl()` to whoever of this user connects. */
export function offerAddresses(
  port: number,
  newUrl: () => string,
  folder: string = runtimeFolder(),
): Promise<Server> {
  const path = socketPath(folder, port);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(`${newUrl()}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(server);
    });
  });
}

/** A new address of the server at `port`, or of the only one that runs. */
export async function askForAddress(
  port: number,
  folder: string = runtimeFolder(),
): Promise<string> {
  const ports = port
    ? [port]
    : readdirSync(folder).flatMap((name) => {
        const match = /^serve-(\d+)\.sock$/.exec(name);
        return match ? [Number(match[1])] : [];
      });
  const answers: string[] = [];
  for (const candidate of ports) {
    const answer = await readLine(socketPath(folder, candidate));
    if (answer) answers.push(answer);
  }
  if (answers.length === 1) return answers[0]!;
  if (answers.length === 0) {
    const { command } = findInstallation();
    throw fail("NOT_FOUND", `No studio of yours is serving. Start one: ${command} serve`);
  }
  throw fail("BAD_REQUEST", "Several studios of yours are serving. Say which one with --port N.");
}

/** One that is stopped takes a connection and answers nothing. */
const ANSWER_MS = 5000;

function readLine(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(path);
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("error", () => resolve(null));
    socket.on("close", () => resolve(text.trim() || null));
  });
}
