import { FLAG_FINAL, type History, INFO, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'

// Defines the levels, and decides them by trying all orders. Shares no code with the checker.

export interface Op {
  readonly row: number
  readonly process: number
  /**
   * The client: the session or, without sessions, the process. Each operation of an unnamed client counts as a separate
   * client.
   */
  readonly client: string
  readonly f: string
  readonly key: string
  readonly input: Json
  readonly output: Json
  /** Whether the operation certainly took effect. Otherwise it may have taken effect. */
  readonly completed: boolean
  readonly observesFailure: boolean
  readonly call: number
  readonly return: number
  readonly final: boolean
}

export interface Reading {
  readonly initial: Json
  readonly failedCas: 'drop' | 'observes'
}

export function operationsOf(history: History, { failedCas }: Reading): Op[] {
  const { operations } = history
  const ops: Op[] = []
  for (let row = 0; row < operations.length; row++) {
    const f = history.functions[operations.f[row]!]!
    const outcome = operations.outcome[row]!
    const observesFailure = outcome !== OK && outcome !== INFO
    if (observesFailure && !(f === 'cas' && failedCas === 'observes')) continue
    if (outcome === INFO && (f === 'read' || f === 'get')) continue
    ops.push({
      row,
      process: operations.process[row]!,
      client: clientOf(history, row),
      f,
      key: history.keys[operations.key[row]!] ?? '',
      input: inputOf(history, row),
      output: outputOf(history, row),
      completed: outcome !== INFO,
      observesFailure,
      call: operations.callEvent[row]!,
      return: outcome === INFO ? Number.POSITIVE_INFINITY : operations.returnEvent[row]!,
      final: (operations.flags[row]! & FLAG_FINAL) !== 0,
    })
  }
  return ops
}

function clientOf({ header, hasSessions, sessionOf, operations }: History, row: number): string {
  if (!hasSessions) return `process ${operations.process[row]}`
  const session = header?.sessions?.named === false ? -1 : sessionOf(operations.process[row]!)
  return session === -1 ? `operation ${row}` : `session ${session}`
}

/** Returns the value after the operation, or `illegal`. */
export function step(op: Op, value: Json, initial: Json): Json | 'illegal' {
  const known = (json: Json | undefined): Json => (json === null || json === undefined ? initial : json)
  switch (op.f) {
    case 'read':
    case 'get':
      return known(op.output) === value ? value : 'illegal'
    case 'write':
    case 'put':
      return known(op.input)
    case 'append':
      return `${value ?? ''}${op.input}`
    default: {
      const [from, to] = op.input as [Json, Json]
      const holds = known(from) === value
      if (op.observesFailure) return holds ? 'illegal' : value
      return holds ? known(to) : 'illegal'
    }
  }
}

/**
 * The maximum number of operations. A set of operations is a number with one bit for each operation. Trying all orders
 * of more operations would take too long anyway.
 */
export const MOST_OPERATIONS = 31

/**
 * Reports whether all completed operations and some of the others have a legal order that respects `precedes`. Tries
 * every order. Does not continue twice from the same placed operations and values.
 */
export function hasLegalOrder(ops: readonly Op[], precedes: (a: Op, b: Op) => boolean, initial: Json): boolean {
  const count = ops.length
  if (count > MOST_OPERATIONS) throw new Error(`${count} operations are too many to try all orders of`)
  const keys: string[] = []
  const keyOf: number[] = []
  const before: number[] = []
  let completed = 0
  for (let i = 0; i < count; i++) {
    const op = ops[i]!
    if (!keys.includes(op.key)) keys.push(op.key)
    keyOf.push(keys.indexOf(op.key))
    if (op.completed) completed |= 1 << i
    let set = 0
    for (let j = 0; j < count; j++) if (precedes(ops[j]!, op)) set |= 1 << j
    before.push(set)
  }
  const values: Json[] = keys.map(() => initial)
  const tried = new Set<string>()
  const go = (placed: number): boolean => {
    if ((placed & completed) === completed) return true
    const name = `${placed} ${JSON.stringify(values)}`
    if (tried.has(name)) return false
    tried.add(name)
    for (let i = 0; i < count; i++) {
      if ((placed & (1 << i)) !== 0 || (before[i]! & ~placed) !== 0) continue
      const key = keyOf[i]!
      const value = values[key]!
      const after = step(ops[i]!, value, initial)
      if (after === 'illegal') continue
      values[key] = after
      if (go(placed | (1 << i))) return true
      values[key] = value
    }
    return false
  }
  return go(0)
}

/** Real-time order (Herlihy & Wing 1990): an operation that returned before another was called precedes it. */
export const respectsTime = (a: Op, b: Op): boolean => a.return < b.call

/**
 * Client order (Lamport 1979): operations of a client keep their order. An operation of unknown outcome never returns,
 * so it precedes no other operation.
 */
export const respectsClients = (a: Op, b: Op): boolean => a.client === b.client && a.return < b.call

/** All keys at once. */
export const isLinearizable = (history: History, reading: Reading): boolean =>
  hasLegalOrder(operationsOf(history, reading), respectsTime, reading.initial)

export const isSequential = (history: History, reading: Reading): boolean =>
  hasLegalOrder(operationsOf(history, reading), respectsClients, reading.initial)

/** Decides convergence alone: the final reads of each key agree. Undefined if a key has no final read. */
export function isConvergent(history: History, reading: Reading): boolean | undefined {
  const ops = operationsOf(history, reading)
  const finals = ops.filter((op) => op.final && op.f === 'read' && op.completed)
  const keys = [...new Set(ops.map((op) => op.key))]
  const answers = keys.map((key) => finals.filter((op) => op.key === key).map((op) => op.output ?? reading.initial))
  if (answers.some((values) => new Set(values).size > 1)) return false
  const isOwed = (key: string | undefined, at: number): boolean =>
    answers[at]!.length === 0 && ops.some((op) => op.key === key && isUpdate(op, reading))
  return finals.length === 0 || keys.some(isOwed) ? undefined : true
}

/** Reports whether the operation certainly changed something. A cas to the current value writes nothing. */
function isUpdate(op: Op, { initial }: Reading): boolean {
  if (!op.completed || op.f === 'read' || op.observesFailure) return false
  const [old = null, next = null] = op.f === 'cas' ? (op.input as Json[]) : []
  return op.f !== 'cas' || (old ?? initial) !== (next ?? initial)
}

/** Decides eventual consistency of registers without append. Undefined if final reads are missing. */
export function isEventual(history: History, reading: Reading): boolean | undefined {
  const ops = operationsOf(history, reading)
  const known = (json: Json): Json => json ?? reading.initial
  const finals = ops.filter((op) => op.final && op.f === 'read' && op.completed)
  const keys = new Set(ops.map((op) => op.key))
  let every = true
  for (const key of keys) {
    const reads = finals.filter((op) => op.key === key)
    if (reads.length === 0) {
      every &&= !ops.some((op) => op.key === key && isUpdate(op, reading))
      continue
    }
    const written = (op: Op): Json => known(op.f === 'cas' ? ((op.input as Json[])[1] ?? null) : op.input)
    const value = known(reads[0]!.output)
    if (reads.some((read) => known(read.output) !== value)) return false
    // A cas to the current value writes nothing.
    const changes = (op: Op): boolean => op.f !== 'cas' || known((op.input as Json[])[0] ?? null) !== written(op)
    const writes = ops.filter((op) => op.key === key && op.f !== 'read' && !op.observesFailure && changes(op))
    const writers = writes.filter((op) => written(op) === value).map((op) => op.return)
    if (value === reading.initial) writers.push(-1)
    if (writers.length === 0) return false
    const lastRead = Math.max(...reads.map((read) => read.call))
    const acknowledged = writes.filter((op) => op.completed && op.return < lastRead && written(op) !== value)
    if (writers.every((returned) => acknowledged.some((op) => returned < op.call))) return false
  }
  return finals.length === 0 || !every ? undefined : true
}
