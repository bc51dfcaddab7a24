import { levelsInWords } from '@chaosproxy/checker'
import { nearest, printable, usageError } from '@chaosproxy/history'

/**
 * Returns a name if it is known; otherwise throws a usage error that begins with `where` and suggests the nearest name.
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
  const here = elsewhere.get(`${what} ${name}`)
  if (here !== undefined) throw usageError(`${printable(where)}: there is no such ${what}. Give ${here}.`)
  // Names with the prefix `strong-` are suggested last, because they are derived from other names.
  const near =
    nearest(
      name,
      known.filter((name) => !name.startsWith('strong-')),
    ) ?? nearest(name, known)
  const suggestion = near === undefined ? '' : ` Did you mean ${near}?`
  throw usageError(`${printable(where)}: there is no such ${what}.${suggestion} ${listing(listed, near)}`)
}

/** The names that other tools use for levels and faults. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  [
    'level strictly-serializable',
    'linearizable: one order of whole operations, in real time; for transactions, give strict-serializable',
  ],
  ['level strong-serializable', 'strict-serializable: one order of whole transactions, in real time'],
  ['level strong', 'linearizable: one order of all operations, in real time'],
  ['level atomic', 'linearizable: one order of all operations, in real time'],
  ['fault latency', 'delay (messages between nodes) or delay-clients (messages of clients)'],
  ['fault bandwidth', 'slow: little bandwidth between nodes'],
])

/** If an error suggests a name, and there are more known names than this, the error does not list them. */
const MANY = 48

function listing(names: readonly string[], near: string | undefined): string {
  if (names.length === 0) return 'It has none.'
  return near !== undefined && names.length > MANY
    ? `${names.length} are known: --help lists them.`
    : `Known: ${levelsInWords(names)}.`
}
