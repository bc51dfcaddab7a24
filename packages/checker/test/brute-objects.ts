import { FAIL, FLAG_NO_RESULT, type History, INFO, inputOf, type Json, outputOf } from '@chaosproxy/history'

// Simple specifications of all objects. Decides linearizability by trying every order. Shares no code with the checker.

interface Op {
  readonly f: string
  readonly process: number
  readonly input: Json
  readonly output: Json
  readonly isKnown: boolean
  /** Whether the completion has a value. */
  readonly hasResult?: boolean
  readonly call: number
  readonly return: number
}

/** Returns the possible next states; none if the result is impossible. */
type Step = (state: Json, op: Op) => readonly Json[]

const equal = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b)
const asList = (state: Json): readonly Json[] => state as readonly Json[]
const text = (json: Json): string => JSON.stringify(json)
const byText = (list: readonly Json[]): readonly Json[] => list.toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
const has = (list: readonly Json[], wanted: Json): boolean => list.some((each) => equal(each, wanted))
const only = (holds: boolean, state: Json): readonly Json[] => (holds ? [state] : [])

/** The maximum offset that is tried. It is higher than most offsets in small histories. */
const MOST_OFFSET = 12

export const objects: { readonly [model: string]: { readonly initial: Json; readonly step: Step } } = {
  'multi-register': {
    initial: { x: null, y: null, z: null },
    step: (state, { input, output, isKnown }) => {
      const after = { ...(state as { readonly [register: string]: Json }) }
      for (const [f, register, value] of asList(isKnown ? output : input) as [string, string, Json][]) {
        if (f === 'write') after[register] = value
        else if (isKnown && !equal(after[register]!, value)) return []
      }
      return [after]
    },
  },
  counter: {
    initial: 0,
    step: (state, { f, input, output }) =>
      f === 'read' ? only(equal(output, state), state) : [Number(state) + Number(input)],
  },
  set: {
    initial: [],
    step: (state, { f, input, output }) => {
      const elements = asList(state)
      if (f === 'read') return only(equal(byText(asList(output)), byText(elements)), state)
      if (f === 'contains') return only(has(elements, input) === output, state)
      const others = elements.filter((each) => !equal(each, input))
      return [f === 'add' ? byText([...others, input]) : others]
    },
  },
  queue: {
    initial: [],
    step: (state, { f, input, output, isKnown }) => {
      const [first, ...rest] = asList(state)
      if (f === 'enqueue') return [[...asList(state), input]]
      if (!isKnown) return [rest]
      return first === undefined ? only(output === null, []) : only(equal(first, output), rest)
    },
  },
  bag: {
    initial: [],
    step: (state, { f, input, output, isKnown }) => {
      const messages = asList(state)
      if (f === 'enqueue') return [byText([...messages, input])]
      const rest = messages.map((_, at) => messages.toSpliced(at, 1))
      if (!isKnown) return [state, ...rest]
      if (messages.length === 0) return only(output === null, [])
      return rest.filter((_, at) => equal(messages[at]!, output))
    },
  },
  lock: {
    initial: { holder: -1, token: -1 },
    step: (state, { f, process, output }) => {
      const { holder, token } = state as { readonly holder: number; readonly token: number }
      if (f === 'release') return only(holder === process, { holder: -1, token })
      if (typeof output !== 'number') return only(holder === -1, { holder: process, token })
      return only(holder === -1 && output > token, { holder: process, token: output })
    },
  },
  'list-append': {
    initial: [],
    step: (state, { f, input, output }) =>
      f === 'read' ? only(equal(output, state), state) : [[...asList(state), input]],
  },
  'dense-log': {
    initial: [],
    step: (state, { f, input, output, isKnown }) => {
      const entries = asList(state)
      if (f === 'append') return only(!isKnown || asList(output)[0] === entries.length, [...entries, input])
      const { offset = 0, limit = Number.POSITIVE_INFINITY } = (input ?? {}) as { offset?: number; limit?: number }
      return only(equal(output, entries.slice(offset, offset + limit)), state)
    },
  },
  // An entry is a pair of an offset and a value. If the offset of an append is unknown, it may be any offset after the
  // last one.
  log: {
    initial: [],
    step: (state, { f, input, output, isKnown, hasResult }) => {
      const entries = asList(state) as readonly [number, Json][]
      if (f === 'append') {
        const last = entries.at(-1)?.[0] ?? -1
        const given = isKnown && hasResult !== false ? (Array.isArray(output) ? output[0] : output) : null
        const length = Math.max(MOST_OFFSET - last, 2)
        const offsets = typeof given === 'number' ? [given] : Array.from({ length }, (_, n) => last + 1 + n)
        return offsets.filter((offset) => offset > last).map((offset) => [...entries, [offset, input]])
      }
      const { offset = 0, limit = Number.POSITIVE_INFINITY } = (input ?? {}) as { offset?: number; limit?: number }
      const there = entries.filter(([at]) => at >= offset).slice(0, limit)
      const read = asList(output)
      const isPairs = read.length > 0 && read.every((each) => Array.isArray(each))
      return only(equal(read, isPairs ? there : there.map(([, value]) => value)), state)
    },
  },
  bank: {
    initial: { a: 3, b: 0, done: [] },
    step: (state, { f, input, output }) => {
      const { a, b, done } = state as { a: number; b: number; done: readonly Json[] }
      if (f === 'read') return only(equal(output, { a, b }), state)
      const { from, to, amount, id = null } = input as { from: string; to: string; amount: number; id?: number }
      if (id !== null && done.includes(id)) return [state]
      const sign = from === to ? 0 : from === 'a' ? -1 : 1
      const after = { a: a + sign * amount, b: b - sign * amount, done: id === null ? done : [...done, id].sort() }
      return only(after.a >= 0 && after.b >= 0, after)
    },
  },
  'unique-ids': {
    initial: [],
    step: (state, { output, isKnown }) =>
      isKnown ? only(!has(asList(state), output), byText([...asList(state), output])) : [state],
  },
}

export const isObjectLinearizable = (
  model: string,
  history: History,
  rows?: readonly number[],
  start?: Json,
): boolean => hasOrder(model, history, (before, after) => before.return < after.call, rows, start)

/** An operation of unknown outcome has no successor in its process. */
export const isObjectSequential = (model: string, history: History, rows?: readonly number[]): boolean =>
  hasOrder(
    model,
    history,
    (before, after) => before.process === after.process && before.isKnown && before.call < after.call,
    rows,
  )

function hasOrder(
  model: string,
  history: History,
  precedes: (before: Op, after: Op) => boolean,
  rows?: readonly number[],
  start?: Json,
): boolean {
  const { step } = objects[model]!
  const initial = start === undefined ? objects[model]!.initial : start
  const { operations } = history
  const ops: Op[] = []
  for (const row of rows ?? Array.from({ length: operations.length }, (_, i) => i)) {
    if (operations.outcome[row] === FAIL) continue
    const isKnown = operations.outcome[row] !== INFO
    const f = history.functions[operations.f[row]!]!
    if (!isKnown && (f === 'read' || f === 'contains')) continue
    ops.push({
      f,
      process: operations.process[row]!,
      input: inputOf(history, row),
      output: isKnown ? outputOf(history, row) : null,
      isKnown,
      hasResult: (operations.flags[row]! & FLAG_NO_RESULT) === 0,
      call: operations.callEvent[row]!,
      return: isKnown ? operations.returnEvent[row]! : Number.POSITIVE_INFINITY,
    })
  }
  const known = ops.reduce((bits, op, i) => (op.isKnown ? bits | (1 << i) : bits), 0)
  const before = ops.map((op) => ops.reduce((bits, other, j) => (precedes(other, op) ? bits | (1 << j) : bits), 0))
  const tried = new Set<string>()
  const go = (placed: number, state: Json): boolean => {
    if ((placed & known) === known) return true
    const name = `${placed} ${JSON.stringify(state)}`
    if (tried.has(name)) return false
    tried.add(name)
    return ops.some(
      (op, i) =>
        (placed & (1 << i)) === 0 &&
        (before[i]! & ~placed) === 0 &&
        step(state, op).some((next) => go(placed | (1 << i), next)),
    )
  }
  return go(0, initial)
}
