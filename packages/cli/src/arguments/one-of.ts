import { didYouMean, UserError } from '@chaosproxy/history'

/** The name typed, if it is one of `known`; otherwise a usage error that suggests the nearest. */
export function oneOf<Name extends string>(option: string, what: string, typed: string, known: readonly Name[]): Name {
  const found = known.find((name) => name === typed)
  if (found !== undefined) return found
  throw new UserError(
    'usage',
    `--${option} ${typed}: there is no such ${what}.${didYouMean(typed, known)} Known: ${known.join(', ')}.`,
  )
}
