declare const __STUDIO_VERSION__: string | undefined;

/** Put in by the bundler from package.json; `dev` where the sources run unbundled (tests). */
export const VERSION: string = typeof __STUDIO_VERSION__ === "string" ? __STUDIO_VERSION__ : "dev";
