import { FLAG_FINAL, type History, INFO, inputOf, type Json, OK, outputOf } from '@chaos/history'

// The definitions, written out and decided by trying everything. Nothing here is shared with the checker.

export interface Op {
  readonly row: number
  readonly process: number
  readonly f: string
  readonly key: string
  readonly input: Json
  readonly output: Json
  /** Took effect for certain; otherwise it may have or not. */
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

/** The value after the operation, or `illegal`. */
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

/** Whether all completed operations and some of the others have a legal order that respects `precedes`. */
export function hasLegalOrder(ops: readonly Op[], precedes: (a: Op, b: Op) => boolean, initial: Json): boolean {
  const state = new Map<string, Json>()
  const placed = new Set<Op>()
  const go = (): boolean => {
    if (ops.every((op) => placed.has(op) || !op.completed)) return true
    for (const op of ops) {
      if (placed.has(op) || ops.some((other) => precedes(other, op) && !placed.has(other))) continue
      const before = state.get(op.key) ?? initial
      const after = step(op, before, initial)
      if (after === 'illegal') continue
      placed.add(op)
      state.set(op.key, after)
      if (go()) return true
      state.set(op.key, before)
      placed.delete(op)
    }
    return false
  }
  return go()
}

/** Herlihy & Wing 1990: an operation that returned before another was called comes first. All keys at once. */
export const isLinearizable = (history: History, reading: Reading): boolean =>
  hasLegalOrder(operationsOf(history, reading), (a, b) => a.return < b.call, reading.initial)

/** Lamport 1979: each process's operations in its order. One of unknown outcome has no successor. */
export const isSequential = (history: History, reading: Reading): boolean =>
  hasLegalOrder(
    operationsOf(history, reading),
    (a, b) => a.process === b.process && a.completed && a.call < b.call,
    reading.initial,
  )

/** Undefined where there are no final reads to judge by. For registers without append. */
export function isEventual(history: History, reading: Reading): boolean | undefined {
  const ops = operationsOf(history, reading)
  const known = (json: Json): Json => json ?? reading.initial
  const finals = ops.filter((op) => op.final && op.f === 'read' && op.completed)
  const keys = new Set(ops.map((op) => op.key))
  let every = true
  for (const key of keys) {
    const reads = finals.filter((op) => op.key === key)
    if (reads.length === 0) {
      every = false
      continue
    }
    const written = (op: Op): Json => known(op.f === 'cas' ? ((op.input as Json[])[1] ?? null) : op.input)
    const value = known(reads[0]!.output)
    if (reads.some((read) => known(read.output) !== value)) return false
    // A cas to the value that is there writes nothing.
    const changes = (op: Op): boolean => op.f !== 'cas' || known((op.input as Json[])[0] ?? null) !== written(op)
    const writes = ops.filter((op) => op.key === key && op.f !== 'read' && !op.observesFailure && changes(op))
    const writers = writes.filter((op) => written(op) === value).map((op) => op.return)
    if (value === reading.initial) writers.push(-1)
    if (writers.length === 0) return false
    const acknowledged = writes.filter((op) => op.completed && written(op) !== value)
    if (writers.every((returned) => acknowledged.some((op) => returned < op.call))) return false
  }
  return finals.length === 0 || !every ? undefined : true
}
