/** The one connection of this window: whether it stands, and the asking side of it. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { StudioClient } from "../../shared/client.js";
import { fail, toStudioError, type StudioError } from "../../shared/errors.js";
import type { RequestName, RequestParams, RequestResult } from "../../shared/messages.js";

export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "open"; version: string; shell: "electron" | "loopback" | "cli" }
  /** `wasOpen` is false if no host was reached at all. */
  | { kind: "closed"; error: StudioError; wasOpen: boolean };

export const useConnection = defineStore("connection", () => {
  const state = shallowRef<ConnectionState>({ kind: "connecting" });
  const client = shallowRef<StudioClient | null>(null);
  /** What opens this studio from a terminal; "" while it is not known. */
  const start = ref("");
  /** The studio ends with this window. */
  const endsWithWindow = ref(false);

  /** Rejects with StudioFailure; `CLOSED` without a connection. */
  function request<N extends RequestName>(
    name: N,
    params: RequestParams<N>,
  ): Promise<RequestResult<N>> {
    if (client.value) return client.value.request(name, params);
    return Promise.reject(fail("CLOSED", "The window is not connected to the studio yet."));
  }

  function closed(thrown: unknown): void {
    if (state.value.kind === "closed") return;
    const wasOpen = state.value.kind === "open";
    state.value = { kind: "closed", error: toStudioError(thrown), wasOpen };
  }

  return { state, client, start, endsWithWindow, request, closed };
});
