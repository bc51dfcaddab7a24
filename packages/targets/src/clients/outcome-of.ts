import type { ErrorMeaning } from '@chaosproxy/history'

/**
 * Returns the outcome of a request that was answered with this error message: `info` unless the list of errors says
 * otherwise.
 */
export const outcomeOf = (errors: readonly ErrorMeaning[], message: string): ErrorMeaning['means'] =>
  errors.find(({ says }) => says.some((part) => message.includes(part)))?.means ?? 'info'
