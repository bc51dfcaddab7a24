const PLACES = 9

/** A sum rounded to nine places, so that 0.1 + 0.2 is 0.3. */
export const decimal = (sum: number): number => (Number.isInteger(sum) ? sum : Number(sum.toFixed(PLACES)))

/** Up to this number, doubles distinguish all decimals with nine places. */
export const LARGEST_FRACTION = 1e6
