const PLACES = 9

/** A sum rounded to nine places: 0.1 + 0.2 is 0.3 whether a double or a decimal type computed it. */
export const decimal = (sum: number): number => (Number.isInteger(sum) ? sum : Number(sum.toFixed(PLACES)))

/** Up to here a double distinguishes decimals with that many places. */
export const LARGEST_FRACTION = 1e6
