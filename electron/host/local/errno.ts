/** Names of errno values (asm-generic, the same on every architecture that IIO is used on). */
import { constants } from "node:os";

const NAMES = new Map<number, string>(
  Object.entries(constants.errno).map(([name, value]) => [value, name]),
);

export function errnoName(errno: number): string {
  const value = Math.abs(errno);
  return NAMES.get(value) ?? `E${value}`;
}
