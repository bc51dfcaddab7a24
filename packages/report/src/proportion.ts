/**
 * The interval that holds the true proportion with 95% confidence, after `hits` of `trials`: E. B. Wilson, "Probable
 * inference, the law of succession, and statistical inference", JASA 22 (1927). Both ends are from 0 to 1.
 */
export function wilsonInterval(hits: number, trials: number): readonly [least: number, most: number] {
  if (trials === 0) return [0, 1]
  const share = hits / trials
  const scale = 1 + Z ** 2 / trials
  const centre = (share + Z ** 2 / (2 * trials)) / scale
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2))
  // At the ends the exact value is known, and rounding must not miss it.
  return [hits === 0 ? 0 : Math.max(0, centre - half), hits === trials ? 1 : Math.min(1, centre + half)]
}

/** The quantile of the normal distribution for 95%, two-sided. */
const Z = 1.959963984540054
