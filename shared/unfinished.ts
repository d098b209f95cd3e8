/** What would end, or never begin, if the studio were closed now: the question before that. */
import { formatMoment } from "./wall-time.js";

export interface Unfinished {
  /** Names of the recordings that go on. */
  recordings: readonly string[];
  /** What waits for its time, in milliseconds since 1970. */
  startsAtMs: readonly number[];
}

export interface CloseQuestion {
  title: string;
  detail: string;
  yes: string;
  no: string;
}

/** null: nothing would be missed. */
export function closeQuestion({ recordings, startsAtMs }: Unfinished): CloseQuestion | null {
  if (recordings.length === 0 && startsAtMs.length === 0) return null;
  const going = goingWords(recordings);
  const waiting = waitingWords([...startsAtMs].sort((a, b) => a - b));
  return {
    title: [going?.title ?? [], waiting?.title ?? []].flat().join(" "),
    detail: [going?.detail ?? [], waiting?.detail ?? []].flat().join(" "),
    yes: "Close the studio",
    no: "Keep it open",
  };
}

interface Words {
  title: string;
  detail: string;
}

function goingWords(names: readonly string[]): Words | null {
  const [first, ...more] = names;
  if (first === undefined) return null;
  return more.length === 0
    ? { title: `“${first}” is being recorded.`, detail: "It ends here, whole." }
    : { title: `${names.length} recordings go on.`, detail: "They end here, whole." };
}

function waitingWords(startsAtMs: readonly number[]): Words | null {
  const [first, ...more] = startsAtMs;
  if (first === undefined) return null;
  const at = formatMoment(first);
  return more.length === 0
    ? {
        title: `A recording is set for ${at}.`,
        detail: "A closed studio will not make it: leave it open until then.",
      }
    : {
        title: `${startsAtMs.length} recordings are set for a time, the first for ${at}.`,
        detail: "A closed studio will not make them: leave it open until then.",
      };
}
