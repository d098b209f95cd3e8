// Lint rules. The layers of ARCHITECTURE.md are enforced here: a wrong import fails `npm run check`.
import vue from "eslint-plugin-vue";
import globals from "globals";
import tseslint from "typescript-eslint";

/** Nobody in `files` may import anything that matches `group`. */
const ban = (files, group, message, names = []) => ({
  files,
  rules: {
    "@typescript-eslint/no-restricted-imports": [
      "error",
      { patterns: [{ group, message }], paths: names.map((name) => ({ name, message })) },
    ],
  },
});

const NODE_ONLY = ["node:*", "fs", "path", "os", "child_process", "net", "http"];

export default tseslint.config(
  { ignores: ["dist", "release", ".cache", "native/build", "node_modules", "**/*.d.ts"] },
  ...tseslint.configs.recommended,
  ...vue.configs["flat/essential"],
  {
    files: ["**/*.vue"],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
  },
  { languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "vue/multi-word-component-names": "off",
      eqeqeq: "error",
      "no-console": "error",
    },
  },
  { files: ["test/**", "electron/launch/**"], rules: { "no-console": "off" } },
  ban(
    ["shared/**"],
    ["**/electron/**", "**/native/**", "**/renderer/**", ...NODE_ONLY],
    "shared/ imports nothing from the other rooms, nor Node.",
    ["electron", "vue"],
  ),
  ban(
    ["renderer/**/*.ts", "renderer/**/*.vue"],
    ["**/electron/**", "**/native/**", ...NODE_ONLY],
    "renderer/ never imports electron/, native/ or Node.",
    ["electron"],
  ),
  {
    // The renderer's build file runs in Node.
    files: ["renderer/vite.config.ts"],
    rules: { "@typescript-eslint/no-restricted-imports": "off" },
  },
  ban(
    ["electron/host/**"],
    ["**/main/**", "**/loopback/**", "**/cli/**", "**/renderer/**"],
    "electron/host knows no shell.",
    ["electron"],
  ),
  ban(
    ["electron/loopback/**"],
    ["**/main/**", "**/cli/**", "**/renderer/**"],
    "The loopback door knows the host only.",
    ["electron"],
  ),
);
