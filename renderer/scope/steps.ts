/** The 1-2-5 steps of a scope's knobs. */

/** The smallest 1-2-5 step of at least `value`; 1 for what is not positive. */
export function stepAtLeast(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 5, 10]) {
    // A little slack, so that 0.3 / 3 still counts as 0.1.
    if (factor * power >= value * (1 - 1e-9)) return clean(factor * power);
  }
  return clean(10 * power);
}

/** The next step up (+1) or down (-1) from any value. */
export function nextStep(value: number, direction: 1 | -1): number {
  if (direction > 0) return stepAtLeast(value * 1.01);
  const down = stepAtLeast(value);
  const power = 10 ** Math.floor(Math.log10(down) + 1e-9);
  const lead = Math.round(down / power);
  const lower = lead === 1 ? 0.5 : lead === 2 ? 1 : 2;
  return clean(lower * power);
}

/** All steps between two values, for a list. */
export function stepsBetween(least: number, most: number): number[] {
  const steps: number[] = [];
  for (let step = stepAtLeast(least); step <= most * (1 + 1e-9); step = nextStep(step, 1)) {
    steps.push(step);
  }
  return steps;
}

/** Keeps 5e-7 from being 4.9999999e-7. */
function clean(value: number): number {
  return Number(value.toPrecision(6));
}
