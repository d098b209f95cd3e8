/** Recordings of the simulator's counter: each sample is the number of its scan, whatever was lost between. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";

export interface Counted {
  /** Of the stream. */
  first: number;
  end: number;
  samples: number;
  /** Scans lost within, and just before the first. */
  lost: number;
  lostBefore: number;
}

/** Checks every sample of one data file, by path without ending. */
export function checkCounted(base: string): Counted {
  const bytes = readFileSync(`${base}.sigmf-data`);
  const words = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const { captures } = JSON.parse(readFileSync(`${base}.sigmf-meta`, "utf8")) as {
    captures: (Record<string, number> & { "iio:gap_cause"?: string })[];
  };
  let end = 0;
  let lost = 0;
  captures.forEach((capture, n) => {
    const from = capture["core:sample_start"]!;
    const to = captures[n + 1]?.["core:sample_start"] ?? words.length;
    // Of what a killed program had not journaled yet only the counter knows how much was lost before it.
    const unjournaled = capture["iio:gap_cause"] === "unjournaled";
    const told = capture["core:global_index"]!;
    const index = unjournaled ? told + ((words[from]! - told) & 0xffff) : told;
    const wrong = words
      .subarray(from, to)
      .findIndex((value, at) => value !== ((index + at) << 16) >> 16);
    expect(wrong, `${base}, sample behind ${from}`).toBe(-1);
    if (n > 0) {
      lost += index - end;
      if (unjournaled) expect(capture["iio:lost"]).toBe(null);
      else expect(index - end).toBe(capture["iio:lost"]);
    }
    end = index + to - from;
  });
  const first = captures[0]!["core:global_index"]!;
  const lostBefore = captures[0]!["iio:lost"] ?? 0;
  return { first, end, samples: words.length, lost, lostBefore };
}

/** Parts that follow one another: what they are together. */
export function checkUnbroken(bases: readonly string[]): Counted {
  const parts = bases.map(checkCounted);
  return parts.reduce((whole, part) => {
    expect(part.first - whole.end).toBe(part.lostBefore);
    return {
      ...whole,
      end: part.end,
      samples: whole.samples + part.samples,
      lost: whole.lost + part.lost + part.lostBefore,
    };
  });
}
