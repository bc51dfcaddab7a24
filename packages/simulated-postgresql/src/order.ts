/** Compares two values: -1 if the first is less, 1 if it is greater. */
export const order = <T extends bigint | number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
