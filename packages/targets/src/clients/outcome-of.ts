import type { ErrorMeaning } from '@chaosproxy/history'

/** The outcome of a request that was answered with an error of this message: `info` unless these errors say more. */
export const outcomeOf = (errors: readonly ErrorMeaning[], message: string): ErrorMeaning['means'] =>
  errors.find(({ says }) => says.some((part) => message.includes(part)))?.means ?? 'info'
