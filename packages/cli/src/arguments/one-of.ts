import { didYouMean, UserError } from '@chaosproxy/history'

/** The name typed, if it is one of `known`; otherwise a usage error that suggests the nearest. */
export const oneOf = <Name extends string>(option: string, what: string, typed: string, known: readonly Name[]): Name =>
  knownName(`--${option} ${typed}`, what, typed, known)

/** The same for a name that `where` has, such as a member of a file. */
export function knownName<Name extends string>(
  where: string,
  what: string,
  name: string,
  known: readonly Name[],
): Name {
  const found = known.find((one) => one === name)
  if (found !== undefined) return found
  throw new UserError(
    'usage',
    `${where}: there is no such ${what}.${didYouMean(name, known)} ${known.length === 0 ? 'It has none.' : `Known: ${known.join(', ')}.`}`,
  )
}
