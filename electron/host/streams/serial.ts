/** Works one after the other, in the order asked; with a bound on how many wait. */
import { fail } from "../../../shared/errors.js";

const WAITING_LIMIT = 16;

export class Serial {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting >= WAITING_LIMIT) {
      return Promise.reject(
        fail("TOO_MANY", "Too many changes wait for this stream. Wait for one to finish."),
      );
    }
    this.waiting++;
    const result = this.last.then(work).finally(() => this.waiting--);
    this.last = result.catch(() => {});
    return result;
  }

  /** When all that was asked so far is done. */
  async settled(): Promise<void> {
    await this.last;
  }
}
