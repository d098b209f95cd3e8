/** What this machine offers and what is missing, each with its reason and the exact fix. */
export interface DoctorCheck {
  id: string;
  title: string;
  state: "good" | "missing" | "warning";
  /** One sentence: what was found, or the cause. */
  detail: string;
  /** Commands that mend it, shown whole. */
  fix: string[];
}

export interface DoctorReport {
  checks: DoctorCheck[];
}
