/** How a range lies on a slider: evenly, or by decades where it spans more than two of them and is no share of a whole. */

/** Shares of a whole, angles, and what is logarithmic or has a zero of its own already. */
const EVEN = new Set(["", "%", "m%", "°", "dB", "dBm", "°C", "m°C"]);

export interface SliderScale {
  min: number;
  max: number;
  step: number;
  /** The value's place on the slider. */
  place: (value: number) => number;
  /** The value of a place: a multiple of the driver's step, within its bounds. */
  value: (place: number) => number;
}

/** From here on equal steps would leave the low end out of reach. */
const DECADES = 100;
const PLACES = 200;
/** Digits a place by decades stands for. */
const DIGITS = 3;

/** What has a `unit` of its own to grow by decades in, may; a duty from 0.001 to 1 may not. */
export function sliderScale(min: number, max: number, step: number, unit: string): SliderScale {
  // A step of 0 in the driver's range means "any".
  const stride = step > 0 ? step : (max - min) / PLACES;
  const snap = (value: number) => {
    const snapped = step > 0 ? min + Math.round((value - min) / step) * step : value;
    return Number(Math.min(max, Math.max(min, snapped)).toPrecision(12));
  };
  if (min <= 0 || max / min < DECADES || EVEN.has(unit)) {
    return { min, max, step: stride, place: (value) => value, value: snap };
  }
  const [low, high] = [Math.log10(min), Math.log10(max)];
  return {
    min: low,
    max: high,
    step: (high - low) / PLACES,
    place: (value) => Math.log10(Math.min(max, Math.max(min, value))),
    value: (place) => {
      if (place <= low) return min;
      return place >= high ? max : snap(Number((10 ** place).toPrecision(DIGITS)));
    },
  };
}
