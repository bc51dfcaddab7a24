import { fnv1a } from '@chaosproxy/faults'
import type { Call } from './command.ts'
import { CommandError, syntaxError } from './failures.ts'
import { globMatcher } from './glob.ts'
import { integerOf } from './numbers.ts'
import { optionsOf } from './options.ts'
import type { Reply } from './reply.ts'

const USUAL_COUNT = 10

/**
 * Returns one page of names, ordered by their hashes. A cursor is a hash, so a name that exists during the whole scan
 * is on some page.
 */
export function scanned(
  call: Call,
  from: number,
  names: readonly string[],
  {
    valued = ['MATCH', 'COUNT'],
    accept = () => true,
    item,
    whole,
  }: {
    readonly valued?: readonly string[]
    readonly accept?: (name: string, options: ReadonlyMap<string, string>) => boolean
    readonly item: (name: string) => readonly Reply[]
    /** If there are at most this many names, one page returns all of them, as in Redis. */
    readonly whole: number
  },
): Reply {
  const cursor = call.args[from] ?? ''
  if (!/^\d+$/.test(cursor)) throw new CommandError('ERR invalid cursor')
  const options = optionsOf(call, call.args.slice(from + 1), { valued })
  const count = integerOf(options.get('COUNT') ?? String(USUAL_COUNT))
  if (count < 1) throw syntaxError()
  const matches = globMatcher(options.get('MATCH') ?? '*')
  const places = names.map((name) => [hashOf(name), name] as const).sort(([one], [other]) => one - other)
  const rest = names.length <= whole ? places : places.filter(([hash]) => hash >= Number(cursor))
  let end = names.length <= whole ? rest.length : Math.min(count, rest.length)
  while (end > 0 && end < rest.length && rest[end]?.[0] === rest[end - 1]?.[0]) end++
  const next = rest[end]?.[0] ?? 0
  const page = rest.slice(0, end).flatMap(([, name]) => (matches(name) && accept(name, options) ? item(name) : []))
  return [String(next), page]
}

/** Returns the hash of a name. It is never zero, because the cursor 0 ends a scan. */
const hashOf = (text: string): number => fnv1a(text) >>> 0 || 1
