declare const unit: unique symbol

/** Nanoseconds since the run began: virtual in the simulator, monotonic on real targets. An integer. */
export type Nanos = number & { readonly [unit]: 'ns' }

/** A duration or a local clock reading in milliseconds; may be fractional. */
export type Millis = number & { readonly [unit]: 'ms' }

export const nanos = (value: number): Nanos => Math.round(value) as Nanos
/** Marks a number as milliseconds. */
export const millis = (value: number): Millis => value as Millis

export const millisToNanos = (duration: Millis): Nanos => nanos(duration * 1e6)
export const nanosToMillis = (time: Nanos): Millis => millis(time / 1e6)
