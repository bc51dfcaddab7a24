import { didYouMean, UserError } from '@chaosproxy/history'

/**
 * A name, if it is one of `known`; otherwise a usage error that begins with `where` and suggests the nearest. It lists all,
 * or those of `listed` if others only follow from them.
 */
export function knownName<Name extends string>(
  where: string,
  what: string,
  name: string,
  known: readonly Name[],
  listed: readonly Name[] = known,
): Name {
  const found = known.find((one) => one === name)
  if (found !== undefined) return found
  throw new UserError(
    'usage',
    `${where}: there is no such ${what}.${didYouMean(name, known)} ${listed.length === 0 ? 'It has none.' : `Known: ${listed.join(', ')}.`}`,
  )
}
