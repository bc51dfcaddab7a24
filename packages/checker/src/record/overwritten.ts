import {
  foundOrMade,
  type History,
  inputOf,
  isTransaction,
  type Json,
  type ObjectUse,
  OK,
  Overwrites,
  outputOf,
  readsWhole,
} from '@chaosproxy/history'
import { range } from '../encoding/lists.ts'
import { areStatements } from '../transactions/recorded/statements.ts'

/**
 * For recorded traffic: describes how often a client read a number and then wrote a different number, although another
 * client had written in between. Every level of single operations allows this, so no verdict reports it. Empty if it
 * did not occur.
 */
export function overwrittenNotes(history: History): readonly string[] {
  const areWhole = history.transactionNotes !== undefined
  if (!areWhole && history.header?.extra?.['workload'] !== 'traffic') return []
  const { times, keys } = overwritten(history)
  const [first] = keys
  if (first === undefined) return []
  const updates = times === 1 ? '1 update' : `${times} updates`
  const others = keys.size === 1 ? '' : ` and ${keys.size - 1} more`
  const remedies = [
    ...(areWhole
      ? []
      : ['To prevent it, use one operation that reads and writes: an increment, a compare and set, a script']),
    ...(areWhole || areStatements(history)
      ? ['chaos check --unit connection judges all that a connection does until it is idle as one transaction']
      : []),
  ]
  return [
    `${updates} may be lost: a client read a number in one ${areWhole ? 'statement' : 'operation'} and wrote another number in a later one (${first}${others}), and another client wrote in between. The read and the write were not in one transaction, so nothing prevents such a loss. ${remedies.join('. ')}`,
  ]
}

interface Overwritten {
  readonly times: number
  readonly keys: ReadonlySet<string>
}

/** The maximum number of operations that are examined, from the first on. */
const MOST_OPERATIONS = 1_000_000

function overwritten(history: History): Overwritten {
  const { length, f, outcome, process, returnEvent } = history.operations
  const all = new Overwrites()
  const clients = new Map<number, ObjectUse>()
  const keys = new Set<string>()
  let times = 0
  const done = range(0, Math.min(length, MOST_OPERATIONS)).filter((row) => outcome[row] === OK)
  for (const row of done.sort((a, b) => returnEvent[a] - returnEvent[b])) {
    const client = foundOrMade(clients, process[row], () => all.client())
    const name = history.functions[f[row]]
    const steps = isTransaction(name) ? stepsOf(history, row) : [stepOf(history, row, name)]
    for (const { does, object, value } of steps) {
      if (does === 'reads') client.read(object, value ?? null)
      else if (client.wrote(object, value, does === 'writes')) {
        times++
        keys.add(object)
      }
    }
  }
  return { times, keys }
}

/** Converts a text of digits to a number, because Redis stores numbers as texts. */
const numberIn = (value: Json): Json =>
  typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value

interface Step {
  readonly does: 'reads' | 'writes' | 'changes'
  readonly object: string
  /** Undefined if the value is unknown. */
  readonly value: Json | undefined
}

function stepOf(history: History, row: number, name: string): Step {
  const object = history.keys[history.operations.key[row]] ?? ''
  if (readsWhole(name)) return { does: 'reads', object, value: numberIn(outputOf(history, row)) }
  return name === 'write'
    ? { does: 'writes', object, value: numberIn(inputOf(history, row)) }
    : { does: 'changes', object, value: undefined }
}

/**
 * Returns the reads and writes of an operation. A transaction of several statements is judged elsewhere. Here its reads
 * are ignored, and its writes count as changes.
 */
function stepsOf(history: History, row: number): readonly Step[] {
  const micro = (outputOf(history, row) ?? []) as readonly (readonly [does: string, cell: Json, value?: Json])[]
  const note = history.transactionNotes?.get(history.operations.returnLine[row])
  const isAlone = note?.statements.length === 1
  const read = new Set(micro.flatMap(([does, cell]) => (does === 'r' ? [cell] : [])))
  return micro.flatMap(([does, cell, value]): readonly Step[] => {
    const object = `${cell}`
    if (does === 'r') return isAlone ? [{ does: 'reads', object, value }] : []
    const isPlain = isAlone && does === 'w' && !read.has(cell)
    return [{ does: isPlain ? 'writes' : 'changes', object, value: does === 'w' ? value : undefined }]
  })
}
