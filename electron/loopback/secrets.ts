/**
 * Who may talk to the loopback server. A secret is good for one entry within 60 s; it becomes a session, whose token is
 * kept by the browser in a cookie. Only hashes are held, compared in constant time.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

export const SECRET_LIFE_MS = 60_000;
const MAX_SESSIONS = 64;
const MAX_SECRETS = 16;

const digest = (token: string) => createHash("sha256").update(token).digest();

export class Secrets {
  private secrets: { hash: Buffer; untilMs: number }[] = [];
  private sessions: Buffer[] = [];

  /** `now`: in milliseconds, by a clock that nobody sets. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A new secret for one entry. */
  issue(): string {
    const secret = randomBytes(32).toString("base64url");
    this.secrets.push({ hash: digest(secret), untilMs: this.now() + SECRET_LIFE_MS });
    this.secrets = this.secrets.slice(-MAX_SECRETS);
    return secret;
  }

  /** Takes a secret and answers a session token, or null if it is unknown, used or too old. */
  enter(secret: string): string | null {
    const hash = digest(secret);
    this.secrets = this.secrets.filter((known) => known.untilMs > this.now());
    const found = this.secrets.findIndex((known) => timingSafeEqual(known.hash, hash));
    if (found < 0) return null;
    this.secrets.splice(found, 1);
    const token = randomBytes(32).toString("base64url");
    this.sessions.push(digest(token));
    this.sessions = this.sessions.slice(-MAX_SESSIONS);
    return token;
  }

  isSession(token: string): boolean {
    const hash = digest(token);
    let found = false;
    for (const known of this.sessions) if (timingSafeEqual(known, hash)) found = true;
    return found;
  }
}
