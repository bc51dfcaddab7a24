import { foundOrMade, type Json, type ValueId } from '@chaosproxy/history'
import { CAS, DIFFERS, type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import { UNMENTIONED } from '../../encoding/unknown-start.ts'
import { appendText } from '../replay/appends.ts'
import { rests } from './candidates.ts'

/** By key: the id of its initial value. A key without an entry has an initial value that no operation mentions. */
export type Choice = ReadonlyMap<number, number>

/**
 * The combinations of initial values that are possible for a few operations, with a value for each key. For levels that
 * consider all keys together.
 */
export interface Choices {
  readonly all: readonly Choice[]
  readonly isComplete: boolean
}

const MOST_CHOICES = 256

/**
 * Returns, by key, the initial value that an observation proves: the observed value is one that no operation writes.
 */
export function certainStarts({ length, kind, key, expects, writes, returns, names }: Encoded): Choice {
  const written = new Set<string>()
  for (let i = 0; i < length; i++) if (writes[i] !== NOTHING) written.add(`${key[i]} ${writes[i]}`)
  const certain = new Map<number, number>()
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER || (kind[i] !== READ && kind[i] !== CAS) || certain.has(key[i])) continue
    if (!written.has(`${key[i]} ${expects[i]}`)) certain.set(key[i], names[expects[i]])
  }
  return certain
}

/**
 * Returns all choices of initial values that can matter to a few operations on texts: possible beginnings of texts
 * read, or a value that no operation mentions.
 */
export function choicesAmong(encoded: Encoded, jsonOf: (name: number) => Json): Choices {
  let all: Choice[] = [new Map()]
  for (const [key, ids] of idsByKey(encoded, jsonOf)) {
    if (all.length * ids.size > MOST_CHOICES) return { all, isComplete: false }
    all = all.flatMap((choice) => Array.from(ids, (id) => new Map([...choice, [key, id]])))
  }
  return { all, isComplete: true }
}

function idsByKey(encoded: Encoded, jsonOf: (name: number) => Json): ReadonlyMap<number, ReadonlySet<number>> {
  const { length, kind, key, expects, names } = encoded
  const ids = new Map<number, Set<number>>()
  for (let i = 0; i < length; i++) {
    const known = foundOrMade(ids, key[i], () => new Set([UNMENTIONED]))
    if (expects[i] !== NOTHING && kind[i] !== DIFFERS) known.add(names[expects[i]])
  }
  addTexts(encoded, jsonOf, ids)
  return ids
}

/**
 * Adds the possible initial texts. A read may return the initial text followed by appended pieces, so each beginning of
 * a text is possible if only appended pieces follow it.
 */
function addTexts(encoded: Encoded, jsonOf: (name: number) => Json, ids: Map<number, Set<number>>): void {
  const rest = rests(encoded, jsonOf)
  for (const some of ids.values()) {
    for (const id of [...some]) {
      if (id === UNMENTIONED) continue
      const text = appendText(encoded.table.json(id as ValueId))
      for (const end of rest(text)) if (some.size <= MOST_CHOICES) some.add(encoded.table.id(text.slice(0, end)))
    }
    some.add(encoded.table.id(''))
  }
}

/**
 * Sets the initial values of the keys to the chosen values. In the returned operations, the number `initial` stands for
 * the initial value of the operation's key, and for no other value. With appends, each key has its own number for its
 * initial text instead, because the content of this text matters (see `Encoded.startOf`).
 */
export function settled(encoded: Encoded, choice: Choice): Encoded {
  if (encoded.hasAppend) return settledTexts(encoded, choice)
  const { length, key, keys, initial } = encoded
  const numbers = numbersOf(encoded, choice)
  const start = new Int32Array(keys).fill(NOTHING)
  for (const [k, id] of choice) start[k] = numbers.get(id) ?? NOTHING
  const expects = new Int32Array(length)
  const writes = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    const value = start[key[i]]
    expects[i] = value !== NOTHING && encoded.expects[i] === value ? initial : encoded.expects[i]
    writes[i] = value !== NOTHING && encoded.writes[i] === value ? initial : encoded.writes[i]
  }
  return { ...encoded, expects, writes, anyStart: false }
}

function settledTexts(encoded: Encoded, choice: Choice): Encoded {
  const numbers = numbersOf(encoded, choice)
  const names = [...encoded.names]
  const startOf = new Int32Array(encoded.keys).fill(encoded.initial)
  for (const [k, id] of choice) {
    let number = numbers.get(id)
    if (number === undefined) {
      number = names.push(id) - 1
      numbers.set(id, number)
    }
    startOf[k] = number
  }
  return { ...encoded, startOf, names: Int32Array.from(names), values: names.length, anyStart: false }
}

/** Returns the numbers of the chosen values that the history mentions. */
function numbersOf({ names }: Encoded, choice: Choice): Map<number, number> {
  const wanted = new Set(choice.values())
  const numbers = new Map<number, number>()
  for (let n = 0; n < names.length; n++) if (wanted.has(names[n])) numbers.set(names[n], n)
  return numbers
}
