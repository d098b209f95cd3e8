/**
 * Electron's security checklist in one place: what a window may be, where it may go, what it may ask for. The page is
 * our own bundle under a scheme of our own; everything else is refused.
 */
import type { App, Session, WebContents, WebPreferences } from "electron";

export const SCHEME = "studio";
export const ORIGIN = `${SCHEME}://app`;

/** As strict as the loopback shell's. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function webPreferences(preload: string): WebPreferences {
  return {
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    spellcheck: false,
    // A live trace must not slow down because another window covers it.
    backgroundThrottling: false,
  };
}

export function isOurPage(url: string): boolean {
  try {
    const { protocol, host } = new URL(url);
    return protocol === `${SCHEME}:` && host === "app";
  } catch {
    return false;
  }
}

/** Links a user may follow into their own browser: plain web pages, nothing else. */
export function isOpenableLink(url: string): boolean {
  try {
    return new URL(url).protocol === "https:";
  } catch {
    return false;
  }
}

/** No permission is ever granted: the studio needs none. */
export function refusePermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

/** Holds for every web contents that is ever created, whoever creates it. */
export function guardContents(app: App, openExternal: (url: string) => void): void {
  app.on("web-contents-created", (_event, contents: WebContents) => {
    contents.on("will-navigate", (event) => {
      if (!isOurPage(event.url)) event.preventDefault();
    });
    contents.on("will-redirect", (event) => {
      if (!isOurPage(event.url)) event.preventDefault();
    });
    contents.on("will-frame-navigate", (event) => {
      if (!isOurPage(event.url)) event.preventDefault();
    });
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (isOpenableLink(url)) openExternal(url);
      return { action: "deny" };
    });
  });
}
