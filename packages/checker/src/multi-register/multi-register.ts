import { canonical, FLAG_NO_RESULT, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { addTo, ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { IsMetBy } from '../judge/entry.ts'
import { type ObjectOperation, type Specification, WrongValue } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import type { AnyStart } from '../object/model/any-start.ts'
import type { Closure, ObjectEntry } from '../object/model/object-model.ts'
import { operationAt, orBadOperation, type Part } from '../object/model/part.ts'

const TXN = 0

const numbers: { readonly [f: string]: number } = { txn: TXN, transact: TXN }

/**
 * Several registers at once (`multi-register` of Knossos). A `txn` reads and writes some of them in one atomic step, in
 * the order of its list, `[["read","x",null],["write","y",2]]`. The completion holds the values read; a read without a
 * value, `["read","x"]`, is unknown. Null stands for the initial value of a register. Registers that share no txn are
 * judged separately. Registers that share txns form a single object, because an order for each register does not imply
 * an order for all of them.
 */
export const multiRegister: ObjectEntry = {
  name: 'multi-register',
  aliases: ['multiregister'],
  summary: 'registers; one operation reads and writes several of them',
  functions: ['txn', 'transact'],
  levels: ['linearizable', 'sequential'],
  object: {
    rule: 'a txn reads and writes all of its registers at one moment',
    numbers,
    reads: [],
    mayLackResult: [TXN],
    observation: { what: 'txn that reads', functions: Object.keys(numbers), isMetBy: observedIn },
    specification: (initial) => specificationFrom(startOf(initial)),
    divide,
    related,
  },
}

function observedIn(history: History): ReturnType<IsMetBy> {
  return (row) => txnOf(history, row).some(({ f, value }) => f === 'read' && value !== undefined)
}

/** The reads and writes of a row. */
export function txnOf(history: History, row: OperationRow): readonly PartOfTxn[] {
  const { outcome, flags } = history.operations
  const isShown = outcome[row] === OK && (flags[row] & FLAG_NO_RESULT) === 0
  return partsOfTxn({ value: inputOf(history, row), output: isShown ? outputOf(history, row) : undefined })
}

/** Register contents as canonical JSON text, by name. */
type Registers = ReadonlyMap<string, string>

interface Start {
  readonly registers: Registers
  /** The content of each register that is not in `registers`; undefined if unknown. */
  readonly rest: string | undefined
}

function specificationFrom({ registers, rest }: Start): Specification<Registers> {
  const contentOf = (register: string, value: Json): string =>
    value === null && rest !== undefined ? (registers.get(register) ?? rest) : canonical(value)
  return {
    initial: registers,
    step: (held, operation) => {
      const after = new Map(held)
      for (const { f, register, value } of partsOfTxn(operation)) {
        if (value === undefined) continue
        const content = contentOf(register, value)
        const there = after.get(register) ?? rest
        // The first read of an unknown register determines its content.
        if (f === 'write' || there === undefined) after.set(register, content)
        else if (there !== content) return []
      }
      return [after]
    },
    key: (held) => JSON.stringify([...held].filter(([, text]) => text !== rest).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

interface PartOfTxn {
  readonly f: 'read' | 'write'
  readonly register: string
  /** Undefined for a read of an unknown value. */
  readonly value: Json | undefined
}

const functions: { readonly [name: string]: PartOfTxn['f'] } = { read: 'read', r: 'read', write: 'write', w: 'write' }

/** The name of a register: EDN writes it as a keyword, JSON as a string. */
const nameOf = (json: Json): string => {
  const text = typeof json === 'string' ? json : canonical(json)
  return text.startsWith(':') ? text.slice(1) : text
}

/** The reads and writes of a txn, from its completion if there is one. Without a completion, reads are unknown. */
function partsOfTxn({ value, output }: Pick<ObjectOperation, 'value' | 'output'>): readonly PartOfTxn[] {
  const isShown = output !== undefined && output !== null
  const parts = isShown ? output : value
  if (!Array.isArray(parts)) throw new WrongValue(`a txn must be a list such as ${EXAMPLE}`)
  return parts.map((each: Json): PartOfTxn => {
    if (!Array.isArray(each) || each.length < 2 || each.length > 3)
      throw new WrongValue(`a txn must be a list such as ${EXAMPLE}`)
    const [name = null, register = null, held]: readonly Json[] = each
    const f = Object.hasOwn(functions, nameOf(name)) ? functions[nameOf(name)] : undefined
    if (f === undefined) throw new WrongValue(`a txn can only read ("r") and write ("w"), not ${JSON.stringify(name)}`)
    return { f, register: nameOf(register), value: f === 'write' ? (held ?? null) : isShown ? held : undefined }
  })
}

const EXAMPLE = '[["read","x",null],["write","y",2]]'

/**
 * Returns the initial contents. If `initial` is an object, it holds the content of each register by name. Any other
 * value is the content of every register.
 */
function startOf(initial: Json): Start {
  if (typeof initial !== 'object' || initial === null || Array.isArray(initial)) {
    return { registers: new Map(), rest: canonical(initial) }
  }
  const registers = Object.entries(initial).map(([name, value]) => [nameOf(name), canonical(value)] as const)
  return { registers: new Map(registers), rest: canonical(null) }
}

function partsByTxn(part: Part, budget: Budget): readonly (readonly PartOfTxn[])[] {
  return Array.from({ length: part.length }, (_, i) => {
    budget.tick()
    return orBadOperation(part, i, () => partsOfTxn(operationAt(part, i)))
  })
}

/** Divides txns into independent groups, without a common register. */
function divide(part: Part, budget: Budget): readonly (readonly number[])[] {
  const txns = partsByTxn(part, budget)
  const groupOf = new Map<string, number>()
  // By group: the group into which it was merged, or the group itself.
  const into: number[] = []
  const find = (group: number): number => {
    let root = group
    while (into[root] !== root) root = into[root]
    for (let at = group; at !== root; ) {
      const next = into[at]
      into[at] = root
      at = next
    }
    return root
  }
  const groupNamed = (register: string): number => {
    const known = groupOf.get(register) ?? into.push(into.length) - 1
    groupOf.set(register, known)
    return find(known)
  }
  for (const txn of txns) {
    budget.tick()
    for (const { register } of txn) into[groupNamed(register)] = groupNamed(txn[0].register)
  }
  const members = new Map<number, number[]>()
  for (const [i, txn] of txns.entries()) {
    // An empty txn can take effect at any time.
    if (txn.length === 0) continue
    addTo(members, groupNamed(txn[0].register), i)
  }
  return [...members.values()]
}

/**
 * `sees`: the values that a txn may have read from other txns. `leaves`: the values that it writes. Each value comes
 * with its register.
 */
function dependencies(
  part: Part,
  budget: Budget,
): { readonly sees: readonly string[]; readonly leaves: readonly string[] }[] {
  return partsByTxn(part, budget).map((txn) => {
    const own = new Set<string>()
    const sees: string[] = []
    const leaves = new Map<string, string>()
    for (const { f, register, value } of txn) {
      if (value === undefined) continue
      const name = `${register} ${canonical(value)}`
      if (f === 'write') {
        own.add(register)
        leaves.set(register, name)
      } else if (!own.has(register)) sees.push(name)
    }
    return { sees, leaves: [...leaves.values()] }
  })
}

/** Adds, recursively, every transaction that may have written a value that a chosen or added transaction read. */
function related(part: Part, budget: Budget): Closure {
  const all = dependencies(part, budget)
  const writers = new Map<string, number[]>()
  for (const [i, { leaves }] of all.entries()) for (const name of leaves) addTo(writers, name, i)
  return (chosen) => {
    const kept = new Set(chosen)
    // The loop also visits the operations that it adds.
    for (const i of kept) {
      budget.tick()
      for (const name of all[i].sees) for (const writer of writers.get(name) ?? []) kept.add(writer)
    }
    return ascending(kept)
  }
}

const nothing: Registers = new Map()

/** Makes no guesses, because the search learns the initial value from the first read. */
export const multiRegisterFromAny: AnyStart = {
  specification: specificationFrom({ registers: nothing, rest: undefined }),
  guesses: () => ({ starts: [], isComplete: false }),
}
