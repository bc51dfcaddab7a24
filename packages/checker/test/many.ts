/**
 * How many random histories of those that a claim is held to: a twentieth in `npm test`, a tenth of 2,400 and
 * fewer, half of them in the short soak, many times as many in the long one.
 */
const times = Number(process.env['MANY'] ?? 0.05)

export const many = (histories: number): number =>
  Math.ceil(histories * (times < 1 && histories <= 2_400 ? 2 * times : times))

/** The same, as a title says it. */
export const manyOf = (histories: number): string => many(histories).toLocaleString('en')

/** How many of them must at least have been of a kind: few histories vary more. */
export const atLeast = (histories: number): number => Math.floor(histories * (times < 1 ? times / 2 : times))

/** How many of them may at most have been of a kind. */
export const atMost = (histories: number): number => Math.ceil(histories * (times < 1 ? times * 2 : times)) + 3
