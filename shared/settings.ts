/** The user's preferences, kept by the host in its configuration folder. Layout is the renderer's own text. */
export interface StudioSettings {
  theme: "dark" | "light" | "system";
  recordings: {
    /** Where recordings go. A folder name as the user typed it; the host resolves it. */
    folder: string;
    /** `{device}`, `{date}`, `{time}`, `{n}`. */
    namePattern: string;
    hash: boolean;
  };
  simulator: boolean;
  /** Opaque to the host: window layout, views, colours. At most LAYOUT_CHARS long. */
  layout: string;
}

export const LAYOUT_CHARS = 262_144;

export const DEFAULT_NAME_PATTERN = "{date}_{time}_{device}";

export const DEFAULT_SETTINGS: StudioSettings = {
  theme: "dark",
  recordings: { folder: "~/Recordings", namePattern: DEFAULT_NAME_PATTERN, hash: true },
  simulator: true,
  layout: "",
};
