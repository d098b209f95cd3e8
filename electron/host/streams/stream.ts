/** What every stream answers, whether it runs on a device or reads a recording. */
import type { CaptureList } from "../../../shared/capture.js";
import type { StreamCounters, StreamInfo } from "../../../shared/stream.js";
import type { Frame, FrameRequest, SamplesReply } from "../../../shared/view.js";

export interface Stream {
  readonly id: string;
  readonly device: string;
  info(): StreamInfo;
  counters(): StreamCounters;
  frame(request: FrameRequest): Promise<Frame>;
  samples(channel: string, fromScan: number, count: number): Promise<SamplesReply>;
  /** Of an opened recording. */
  captureList?(from: number): CaptureList;
  close(): Promise<void>;
}
