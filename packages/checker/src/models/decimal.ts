const PLACES = 9

/**
 * A sum of fractions as decimals have it, to nine places: what a double makes of 0.1 + 0.2 and what a decimal type makes of it
 * are both 0.3.
 */
export const decimal = (sum: number): number => (Number.isInteger(sum) ? sum : Number(sum.toFixed(PLACES)))

/** Up to here a double tells decimals of so many places apart. */
export const LARGEST_FRACTION = 1e6
