// What the loopback door carries: framed messages with arrays, from the server to Chromium, read and decoded.
import { once } from "node:events";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const SIZES = [64 * 1024, 1024 * 1024];
const SECONDS = 2;

/** A page that reads the stream as the window does: chunks joined to messages by their length. */
const PAGE = `<!doctype html><script>
async function run() {
  const response = await fetch("/stream", { method: "POST" });
  const reader = response.body.getReader();
  let bytes = 0;
  const started = performance.now();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
  }
  return bytes / (performance.now() - started) / 1000;
}
</script>`;

export async function benchPorts(_addon, report) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    for (const size of SIZES) {
      const message = Buffer.alloc(size, 1);
      const server = createServer(async (request, response) => {
        if (request.method !== "POST")
          return response.setHeader("content-type", "text/html").end(PAGE);
        const until = performance.now() + SECONDS * 1000;
        while (performance.now() < until) {
          if (!response.write(message)) await once(response, "drain");
        }
        response.end();
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      const value = await page.evaluate(() => globalThis.run());
      report.add({
        section: "ports",
        what: `loopback stream to Chromium, ${size / 1024} KiB messages`,
        value,
        unit: "MB/s",
      });
      await page.close();
      server.close();
    }
  } finally {
    await browser.close();
  }
}
