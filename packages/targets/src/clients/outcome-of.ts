import type { ErrorMeaning } from '@chaosproxy/history'

/** Returns the outcome of a request with this error; `info` for an error that is not listed. */
export const outcomeOf = (errors: readonly ErrorMeaning[], message: string): ErrorMeaning['means'] =>
  errors.find(({ texts: parts }) => parts.some((part) => message.includes(part)))?.means ?? 'info'

/** Returns one `ErrorMeaning` for each text, all with the same `means` and `why`. */
export const eachMeans = (
  means: ErrorMeaning['means'],
  why: string,
  texts: readonly string[],
): readonly ErrorMeaning[] => texts.map((text) => ({ texts: [text], means, why }))
