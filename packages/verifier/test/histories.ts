import type { EventInput, History, Json } from '@chaosproxy/history'
import { isConvergent, isEventual, isLinearizable, isSequential, operationsOf } from '../../checker/test/brute-force.ts'
import { isObjectLinearizable, isObjectSequential } from '../../checker/test/brute-objects.ts'
import { kinds, randomObjectEvents } from '../../checker/test/random-objects.ts'
import { decide, eventsOf } from '../../checker/test/transactions/brute-force.ts'
import { randomShape, randomTransactions } from '../../checker/test/transactions/random-transactions.ts'
import { type Tried, tryAll } from '../../checker/test/weak-brute-force.ts'
import { randomEvents, randomFrom } from '../../testing/src/random-history.ts'
import { smallHistory } from '../../testing/src/small-history.ts'

/** A random small history, the options for judging it, and its verdicts by brute force. */
export interface Case {
  readonly events: readonly EventInput[]
  readonly history: History
  readonly head: { readonly model: string; readonly initial: Json; readonly failedCas: 'drop' | 'observes' }
  readonly levels: readonly string[]
  /** Whether the level is met; undefined if that is unknown. */
  readonly truth: (level: string) => boolean | undefined
}

const initials: { readonly [model: string]: Json } = { bank: { a: 3, b: 0 } }

export const models: readonly string[] = [
  'register',
  'weak register',
  'final reads',
  ...Object.keys(kinds),
  'rw-register',
  'list transactions',
]

const weakLevels = [
  'causal-memory',
  'pram',
  'causal-convergence',
  'causal',
  'session',
  'read-your-writes',
  'monotonic-reads',
  'monotonic-writes',
  'writes-follow-reads',
] as const

export function randomCase(model: string, seed: number): Case {
  const random = randomFrom(seed)
  if (model === 'register') return registerCase(random)
  if (model === 'final reads') return finalCase(random)
  if (model === 'weak register') return weakCase(random)
  if (model === 'rw-register' || model === 'list transactions') return transactionCase(model, random)
  const shape = {
    processes: 2 + Math.floor(random() * 3),
    operations: 3 + Math.floor(random() * 6),
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.3 ? 0.15 : 0,
    mutated: random() < 0.6 ? 0.25 : 0,
  }
  const events = randomObjectEvents(kinds[model]!(random), shape, random)
  const history = smallHistory(events)
  // An initial value.
  const start = ['set', 'queue', 'bag', 'list-append'].includes(model) && random() < 0.3 ? [1] : undefined
  return {
    events,
    history,
    head: { model, initial: start ?? initials[model] ?? null, failedCas: 'drop' },
    levels: model === 'multi-register' ? ['linearizable', 'sequential'] : ['linearizable'],
    truth: (level) =>
      level === 'linearizable'
        ? isObjectLinearizable(model, history, undefined, start)
        : isObjectSequential(model, history),
  }
}

const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

function registerCase(random: () => number): Case {
  const below = (n: number): number => Math.floor(random() * n)
  const append = random() < 0.15
  const shape = {
    processes: 2 + below(3),
    operations: 3 + below(6),
    keys: 1 + below(2),
    values: random() < 0.5 ? 0 : 1 + below(3),
    cas: random() < 0.3,
    append,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.5 ? 0.15 : 0,
    mutated: append || random() < 0.7 ? 0.6 : 0,
  }
  // The generator never writes null, so in some histories null replaces a value. A write of null restores the initial
  // value.
  const isNulled = random() < 0.1
  const events = randomEvents(shape, random).map((event) =>
    isNulled && event.value === 1 ? { ...event, value: null } : event,
  )
  const history = smallHistory(events)
  const head = {
    model: 'register',
    initial: append ? '' : isNulled ? 2 : null,
    failedCas: random() < 0.5 ? 'drop' : 'observes',
  } as const
  return {
    events,
    history,
    head,
    levels: ['linearizable', 'sequential'],
    truth: (level) => (level === 'linearizable' ? isLinearizable(history, head) : isSequential(history, head)),
  }
}

function finalCase(random: () => number): Case {
  const below = (n: number): number => Math.floor(random() * n)
  const shape = {
    processes: 2 + below(3),
    operations: 3 + below(6),
    keys: 1 + below(2),
    values: random() < 0.5 ? 0 : 1 + below(3),
    cas: false,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.5 ? 0.15 : 0,
    mutated: random() < 0.3 ? 0.3 : 0,
    finals: random() < 0.9,
  }
  const events = randomEvents(shape, random)
  const history = smallHistory(events)
  const head = { model: 'register', initial: null, failedCas: 'drop' } as const
  return {
    events,
    history,
    head,
    levels: ['eventual', 'convergent'],
    truth: (level) => (level === 'eventual' ? isEventual(history, head) : isConvergent(history, head)),
  }
}

function weakCase(random: () => number): Case {
  const below = (n: number): number => Math.floor(random() * n)
  const shape = {
    processes: 2 + below(3),
    operations: 3 + below(5),
    keys: 1 + below(2),
    values: random() < 0.55 ? 0 : 1 + below(3),
    cas: false,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.5 ? 0.15 : 0,
    mutated: random() < 0.7 ? 0.4 + below(2) * 0.6 : 0,
  }
  const events = randomEvents(shape, random)
  const history = smallHistory(events)
  const head = { model: 'register', initial: null, failedCas: 'drop' } as const
  let known: Tried | undefined
  const truth = (level: string): boolean | undefined => {
    known ??= tryAll(operationsOf(history, head), null)
    return known[level as (typeof weakLevels)[number]]
  }
  return { events, history, head, levels: weakLevels, truth }
}

function transactionCase(model: string, random: () => number): Case {
  const kind = model === 'rw-register' ? 'register' : 'list'
  const transactions = randomTransactions(randomShape(kind, random), random)
  const events = eventsOf(transactions, kind)
  let known: ReadonlyMap<string, boolean> | undefined
  const truth = (level: string): boolean => {
    known ??= decide(transactions, { kind })
    return known.get(level)!
  }
  return {
    events,
    history: smallHistory(events),
    head: { model: kind === 'list' ? 'list-append' : 'rw-register', initial: null, failedCas: 'drop' },
    levels: ['serializable', 'repeatable-read', 'snapshot-isolation', 'read-committed'].flatMap((level) => [
      level === 'serializable' ? 'strict-serializable' : `strong-${level}`,
      `strong-session-${level}`,
      level,
    ]),
    truth,
  }
}
