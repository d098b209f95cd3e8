// A pool of thousands of blocks against one of 16, and smaller blocks in such numbers against a C
// loop of as many: the kernel searches its list of attachments at each ENQUEUE, for both.

import { totalmem } from "node:os";

import { fewQueued, loop, median, middle, row, sizeText, studio } from "./rig.mjs";

const MIB = 2 ** 20;
const few = 16;
const many = 4096;
/** What the machine needs beside the blocks. */
const spareBytes = 1024 * MIB;
const smaller = [16, 64, 256].map((kibibytes) => kibibytes * 1024);
const counts = [16, 256, 1024, 4096];

/** As many as the machine has memory for. */
const fitting = (blockBytes) => Math.min(many, Math.floor((totalmem() - spareBytes) / blockBytes));

async function againstFew(addon, fill, { rounds, seconds }) {
  const blockBytes = MIB;
  const blocks = fitting(blockBytes);
  if (blocks < many) {
    console.log(
      `${blocks} blocks of 1 MiB instead of ${many}: the machine has ${Math.floor(totalmem() / MIB)} MiB of memory`,
    );
  }
  const runs = { few: [], many: [], loop: [] };
  for (let round = 0; round < rounds; round++) {
    const given = { blockBytes, fill, seconds };
    runs.few.push(await studio(addon, { ...given, blocks: few }));
    runs.many.push(await studio(addon, { ...given, blocks }));
    runs.loop.push(loop({ ...given, blocks }));
  }
  const text = blocks.toLocaleString("en");
  const mode = `${text} blocks of 1 MiB, ${fill ? "filled by the driver" : "not filled"}`;
  const mine = middle(runs.many);
  const ratios = runs.many.map((one, at) => one.rate / runs.few[at].rate);
  row({
    section: "pool",
    what: mode,
    value: mine.rate / 1e6,
    unit: "MB/s",
    ratio: median(ratios),
    against: `a pool of ${few} of them`,
    ...(fill && { goal: 0.9 }),
  });
  row({
    section: "pool",
    what: mode,
    value: mine.rate / 1e6,
    unit: "MB/s",
    ratio: mine.rate / middle(runs.loop).rate,
    against: "a C loop of as many",
  });
  const spread = (list) => list.map((one) => one.toFixed(2)).join(", ");
  console.log(`${mode}: ratios of the runs ${spread(ratios)}`);
}

async function curve(addon, { rounds, seconds }) {
  for (const blockBytes of smaller) {
    for (const blocks of counts) {
      const runs = { pool: [], loop: [] };
      for (let round = 0; round < rounds; round++) {
        const given = { blockBytes, blocks, fill: true, seconds };
        runs.pool.push(await studio(addon, given));
        runs.loop.push(loop(given));
      }
      const [mine, its] = [middle(runs.pool), middle(runs.loop)];
      row({
        section: "pool",
        what: `${blocks.toLocaleString("en")} blocks of ${sizeText(blockBytes)}, filled by the driver`,
        value: mine.rate / 1e6,
        unit: "MB/s",
        ratio: mine.rate / its.rate,
        against: "a C loop of as many",
      });
    }
  }
}

export async function benchPool(addon, given) {
  const { soft, hard } = addon.raiseFileLimit();
  if (soft < 2 * many) {
    throw new Error(
      `${many} blocks need ${2 * many} open files, and this process may have ${hard}. Raise the hard limit (ulimit -Hn).`,
    );
  }
  console.log(
    `the system heap, ${fewQueued} queued; medians of ${given.rounds} runs of ${given.seconds} s in turns`,
  );
  for (const fill of [true, false]) await againstFew(addon, fill, given);
  await curve(addon, { ...given, rounds: Math.min(3, given.rounds) });
}
