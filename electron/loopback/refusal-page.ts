/** What a browser shows that was let in nowhere: a page of its own, with the next step, that loads nothing. */
import { createHash } from "node:crypto";

/** How one gets a new address of this server. */
export interface NewAddress {
  /** The studio runs in a terminal, whose Enter prints one. */
  enter: boolean;
  /** What prints one in any terminal of the same user. */
  command: string;
}

const STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f8; --panel: #fff; --line: #d9dde2; --ink: #16191d; --quiet: #4a525b; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --panel: #191c20; --line: #333a41; --ink: #e8ebef; --quiet: #b3bac4; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--ground);
  color: var(--quiet); font: 14px/1.5 "Adwaita Sans", "Ubuntu Sans", Ubuntu, Cantarell, "Noto Sans", system-ui, sans-serif; }
main { max-width: 560px; width: 100%; padding: 24px 28px; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; }
small { color: var(--quiet); }
h1 { margin: 2px 0 8px; color: var(--ink); font-size: 20px; line-height: 1.3; }
p { margin: 0 0 12px; }
ol { margin: 0; padding-left: 20px; }
li { margin-bottom: 8px; }
code { display: block; margin-top: 4px; padding: 8px 10px; color: var(--ink); background: var(--ground);
  border: 1px solid var(--line); border-radius: 4px; overflow-wrap: anywhere;
  font: 13px/1.4 "Adwaita Mono", "Ubuntu Sans Mono", "DejaVu Sans Mono", monospace; user-select: all; }
`;

/** Lets that style in, and nothing else. */
export const REFUSAL_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256")
  .update(STYLE)
  .digest("base64")}'; img-src data:; frame-ancestors 'none'`;

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** The same in a line, for what is no browser. */
export function newAddressWords({ enter, command }: NewAddress): string {
  return enter
    ? "Press Enter in the studio's terminal for a new address."
    : `For a new address: ${command}`;
}

function stepsTo({ enter, command }: NewAddress): string {
  const code = `<code>${escape(command)}</code>`;
  if (!enter) return `<p>Open the new address that this prints:</p>${code}`;
  return (
    "<p>Open a new address of it in this window. Either of these prints one:</p>" +
    "<ol><li>Press <b>Enter</b> in the terminal where the studio runs.</li>" +
    `<li>Or run this, in the folder where it was started:${code}</li></ol>`
  );
}

/** `address` where a new one helps. */
export function refusalPage(title: string, reason: string, address: NewAddress | null): string {
  const steps = address ? stepsTo(address) : "";
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<link rel="icon" href="data:,"><title>IIO Studio: ${escape(title)}</title><style>${STYLE}</style>` +
    `<main><small>IIO Studio</small><h1>${escape(title)}</h1><p>${escape(reason)}</p>${steps}</main></html>`
  );
}
