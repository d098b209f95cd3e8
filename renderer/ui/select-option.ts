/** One choice of a list; `why` says why it cannot be taken now. */
export interface SelectOption {
  value: string;
  label: string;
  why?: string | undefined;
}
