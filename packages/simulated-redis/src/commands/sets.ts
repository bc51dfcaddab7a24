import { type Call, type Command, command } from '../command.ts'
import { syntaxError } from '../failures.ts'
import { integerOf } from '../numbers.ts'
import type { Reply } from '../reply.ts'
import { scanned } from '../scan.ts'
import { countOf } from './lists.ts'

const NONE: ReadonlySet<string> = new Set()
const PAGED_FROM = 128

const membersAt = ({ database }: Call, key = ''): ReadonlySet<string> => database.value(key, 'set')?.members ?? NONE

function add({ database }: Call, key: string, texts: readonly string[]): number {
  const set = database.value(key, 'set')
  const members = set?.members ?? new Set<string>()
  const before = members.size
  for (const text of texts) members.add(text)
  const added = members.size - before
  if (set === undefined) database.put(key, { type: 'set', members })
  else if (added > 0) database.changed(key)
  return added
}

const remove = ({ database }: Call, key: string, texts: readonly string[]): number =>
  database.removeFrom(key, database.value(key, 'set')?.members, texts)

function drawn({ store }: Call, members: ReadonlySet<string>, count: number): string[] {
  const rest = [...members]
  return Array.from({ length: Math.min(count, rest.length) }, () => {
    const [one = ''] = rest.splice(Math.floor(store.draw() * rest.length), 1)
    return one
  })
}

function popMembers(call: Call): Reply {
  const [key = '', wanted, ...others] = call.args
  if (others.length > 0) throw syntaxError()
  const count = wanted === undefined ? 1 : countOf(wanted)
  const popped = drawn(call, membersAt(call, key), count)
  remove(call, key, popped)
  return wanted === undefined ? (popped[0] ?? null) : { set: popped }
}

function randomMembers(call: Call): Reply {
  const [key = '', wanted, ...others] = call.args
  if (others.length > 0) throw syntaxError()
  const members = membersAt(call, key)
  if (wanted === undefined) return drawn(call, members, 1)[0] ?? null
  const count = integerOf(wanted)
  if (count >= 0) return drawn(call, members, count)
  const all = [...members]
  return all.length === 0
    ? []
    : Array.from({ length: -count }, () => all[Math.floor(call.store.draw() * all.length)] ?? '')
}

type Combine = (sets: readonly ReadonlySet<string>[]) => string[]

const union: Combine = (sets) => [...new Set(sets.flatMap((set) => [...set]))]
const intersection: Combine = ([first = NONE, ...others]) =>
  [...first].filter((member) => others.every((set) => set.has(member)))
const difference: Combine = ([first = NONE, ...others]) =>
  [...first].filter((member) => !others.some((set) => set.has(member)))

const combining =
  (combine: Combine) =>
  (call: Call): Reply => ({ set: combine(call.args.map((key) => membersAt(call, key))) })

const storing =
  (combine: Combine) =>
  (call: Call): Reply => {
    const [target = '', ...keys] = call.args
    const members = combine(keys.map((key) => membersAt(call, key)))
    if (members.length > 0) call.database.put(target, { type: 'set', members: new Set(members) })
    else if (call.database.entry(target) !== undefined) call.database.remove(target)
    return members.length
  }

function move(call: Call): Reply {
  const [from = '', to = '', member = ''] = call.args
  const source = membersAt(call, from)
  if (call.database.entry(from) === undefined) return 0
  membersAt(call, to)
  if (!source.has(member)) return 0
  if (from === to) return 1
  remove(call, from, [member])
  add(call, to, [member])
  return 1
}

export const setCommands: readonly Command[] = [
  command('SADD', -3, (call) => add(call, call.args[0] ?? '', call.args.slice(1))),
  command('SREM', -3, (call) => remove(call, call.args[0] ?? '', call.args.slice(1))),
  command('SISMEMBER', 3, (call) => (membersAt(call, call.args[0]).has(call.args[1] ?? '') ? 1 : 0)),
  command('SMISMEMBER', -3, (call) => {
    const [key, ...texts] = call.args
    const members = membersAt(call, key)
    return texts.map((text) => (members.has(text) ? 1 : 0))
  }),
  command('SMEMBERS', 2, (call) => ({ set: [...membersAt(call, call.args[0])] })),
  command('SCARD', 2, (call) => membersAt(call, call.args[0]).size),
  command('SPOP', -2, popMembers),
  command('SRANDMEMBER', -2, randomMembers),
  command('SUNION', -2, combining(union)),
  command('SINTER', -2, combining(intersection)),
  command('SDIFF', -2, combining(difference)),
  command('SUNIONSTORE', -3, storing(union)),
  command('SINTERSTORE', -3, storing(intersection)),
  command('SDIFFSTORE', -3, storing(difference)),
  command('SMOVE', 4, move),
  command('SSCAN', -3, (call) =>
    scanned(call, 1, [...membersAt(call, call.args[0])], {
      item: (member) => [member],
      whole: PAGED_FROM,
    }),
  ),
]
