/** What `verify` says of a sound recording: a line for each file. */
import { expect, it } from "vitest";
import { checkedLines } from "../../electron/cli/commands/verify.js";

it("lists what was looked at with a line for each file, also where names hold colons", () => {
  const checked = [
    "take-part0001: length of the data file",
    "take-part0001: SHA-512 of the data",
    "12:00: one: length of the data file",
    "take-part0001.iio-journal: CRC32C of 3 segments",
    "take-part0001: gaps against the verdict",
  ];
  expect(checkedLines(checked)).toEqual([
    "  take-part0001: length of the data file, SHA-512 of the data, gaps against the verdict",
    "  12:00: one: length of the data file",
    "  take-part0001.iio-journal: CRC32C of 3 segments",
  ]);
});
