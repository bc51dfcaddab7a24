import { levelsInWords } from '@chaosproxy/checker'
import { nearest, printable, usageError } from '@chaosproxy/history'

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
  const here = what === 'level' && Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined
  if (here !== undefined) throw usageError(`${printable(where)}: there is no such level. Give ${here}.`)
  const near = nearest(name, known.filter(isPlain)) ?? nearest(name, known)
  const suggestion = near === undefined ? '' : ` Did you mean ${near}?`
  throw usageError(`${printable(where)}: there is no such ${what}.${suggestion} ${listing(listed, near)}`)
}

/** What others call a level, and the level here. */
const elsewhere: { readonly [name: string]: string } = {
  'strictly-serializable':
    'linearizable: one order of whole operations, in real time; or for transactions strict-serializable',
  'strong-serializable': 'strict-serializable: one order of whole transactions, in real time',
  strong: 'linearizable: one order of all operations, in real time',
  atomic: 'linearizable: one order of all operations, in real time',
}

/** The stronger forms of levels follow from their names. */
const isPlain = (name: string): boolean => !name.startsWith('strong-')

/** Where a suggestion fits, more names than this only hide it. */
const MANY = 48

function listing(names: readonly string[], near: string | undefined): string {
  if (names.length === 0) return 'It has none.'
  return near !== undefined && names.length > MANY
    ? `${names.length} are known: --help lists them.`
    : `Known: ${levelsInWords(names)}.`
}
