import { createOnlineChecker, levelsOf, models } from '@chaosproxy/checker'
import { type EventInput, type Json, type Millis, millis } from '@chaosproxy/history'
import { type Atomic, generateObjectEvents, objects } from './generate-objects.ts'

export const name: string = 'online: judging while it is recorded'

const OPERATIONS = 50_000
const CLIENTS = 10
const REPEATS = 2
const GOAL = 40_000

/** CPU time, so that other load on the machine does not change the figures. */
const now = (): Millis => {
  const { user, system } = process.cpuUsage()
  return millis((user + system) / 1000)
}

type Step = (f: string, value: Json, client: number) => Json | undefined

const register = (): Atomic => {
  let value = 0
  let next = 1
  return {
    ask: (random) => (random() < 0.5 ? { f: 'write', value: next++ } : { f: 'read', value: null }),
    apply: (f, written) => {
      if (f === 'write') value = Number(written)
      return f === 'write' ? written : value === 0 ? null : value
    },
  }
}

/** Transactions of one or two micro-operations, each on one of many keys. */
function transactions(write: string, read: string, apply: (held: Json | undefined, value: Json) => Json): Atomic {
  const held = new Map<Json, Json>()
  let next = 1
  const step: Step = (_, value) =>
    (value as readonly (readonly [f: string, key: string, value: Json])[]).map(([f, key, written]) => {
      if (f === write) held.set(key, apply(held.get(key), written))
      return [f, key, f === write ? written : (held.get(key) ?? null)]
    })
  return {
    ask: (random) => ({
      f: 'txn',
      value: Array.from({ length: 1 + Math.floor(random() * 2) }, () => {
        // The keys change over time, so that lists stay short.
        const key = `k${Math.floor(next / 100)}-${Math.floor(random() * 5)}`
        return random() < 0.5 ? [write, key, next++] : [read, key, null]
      }),
    }),
    apply: step,
  }
}

const appended = (held: Json | undefined, value: Json): Json => [...((held ?? []) as readonly Json[]), value]

/** Three registers. An operation reads or writes several of them at once. */
const multiRegister = (): Atomic => {
  const { ask, apply } = transactions('write', 'read', (_, value) => value)
  const on = (value: Json): Json =>
    (value as readonly (readonly [string, string, Json])[]).map(([f, key, written]) => [f, key.slice(-1), written])
  return {
    ask: (random, client) => {
      const { f, value } = ask(random, client)
      return { f, value: on(value) }
    },
    apply,
  }
}

/** One partition. Each consumer polls from its own offset. */
const stream = (): Atomic => {
  const log: Json[] = []
  const reached = new Map<number, number>()
  let next = 1
  return {
    ask: (random, client) =>
      random() < 0.5
        ? { f: 'send', value: [['send', 'k', next++]] }
        : { f: 'poll', value: { k: reached.get(client) ?? 0 } },
    apply: (f, value, client) => {
      if (f === 'send') {
        const sent = (value as readonly Json[][])[0]?.[2] ?? null
        return [['send', 'k', [log.push(sent) - 1, sent]]]
      }
      const from = reached.get(client) ?? 0
      const got = log.slice(from, from + 10).map((message, at): Json => [from + at, message])
      reached.set(client, from + got.length)
      return { k: got }
    },
  }
}

/** A store of two keys. An operation writes a key, or asks for the changes since the client last asked. */
const watch = (): Atomic => {
  const changes: { readonly [member: string]: Json }[] = []
  const sent = new Map<number, number>()
  let next = 1
  return {
    ask: (random, client) => {
      if (random() < 0.7) return { f: 'txn', value: { [random() < 0.5 ? 'x' : 'y']: next++ } }
      return sent.has(client) ? { f: 'watched', value: { watch: client } } : { f: 'watch', value: { watch: client } }
    },
    apply: (f, value, client) => {
      // Revision 1 is that of the empty store.
      if (f === 'txn') {
        const [[key = '', written = null] = []] = Object.entries(value as { readonly [key: string]: Json })
        return changes.push({ revision: changes.length + 2, key, value: written }) + 1
      }
      const from = sent.get(client) ?? changes.length
      sent.set(client, changes.length)
      if (f === 'watch') return { revision: changes.length + 1 }
      return changes.slice(from).map((event): Json => ({ events: [event] }))
    },
  }
}

/** Each client acknowledges its message before it takes another. */
const workQueue = (): Atomic => {
  const messages: number[] = []
  const taken = new Map<number, string>()
  let next = 1
  return {
    ask: (random, client) => {
      const receipt = taken.get(client)
      if (receipt !== undefined) return { f: 'ack', value: receipt }
      return random() < 0.5 ? { f: 'enqueue', value: next++ } : { f: 'take', value: null }
    },
    apply: (f, value, client) => {
      if (f === 'enqueue') messages.push(Number(value))
      if (f === 'ack') taken.delete(client)
      if (f !== 'take') return value
      const message = messages.shift()
      if (message === undefined) return null
      taken.set(client, `r${message}`)
      return [message, `r${message}`]
    },
  }
}

const others: { readonly [model: string]: () => Atomic } = {
  register,
  'multi-register': multiRegister,
  'rw-register': () => transactions('w', 'r', (_, value) => value),
  'list-append transactions': () => transactions('append', 'r', appended),
  'dense-log': () => objects['log']?.() ?? register(),
  stream,
  watch,
  'work-queue': workQueue,
}

const startOf = (model: string): Json => (model === 'bank' ? { a: 100, b: 100, c: 100 } : null)

/**
 * 50 k operations of 10 clients on one key. Prints the events judged per second of CPU time, the better of two runs.
 */
export async function run(print: (line: string) => void): Promise<void> {
  print('  events/s  most held  so far                   object')
  const all = { ...objects, ...others }
  const missing = models.filter(({ name }) => !Object.keys(all).some((object) => object.split(' ')[0] === name))
  if (missing.length > 0) throw new Error(`nothing is judged of ${missing.map(({ name }) => name).join(', ')}`)
  for (const [object, create] of Object.entries(all)) {
    const [model = object] = object.split(' ')
    const isConsistency = levelsOf(model, { functions: object.endsWith('transactions') ? ['txn'] : [] }).includes(
      'linearizable',
    )
    for (const [initial, unknown] of [
      [null, 0],
      [null, 0.001],
      ...(isConsistency ? [['unknown', 0] as const] : []),
    ] as const) {
      const events: EventInput[] = []
      const workload = { operations: OPERATIONS, clients: CLIENTS, unknown, seed: 7 }
      generateObjectEvents(create(), workload, (event) => events.push(event))
      const { ms, soFar, held } = measure(
        () => createOnlineChecker({ model, initial: initial ?? startOf(model), now }),
        events,
      )
      const perSecond = (events.length / ms) * 1000
      const columns = [perSecond, held].map((figure) => figure.toFixed(0).padStart(10)).join(' ')
      const what = `${object}${initial === null ? '' : ', start unknown'}${unknown > 0 ? `, ${unknown * 100}% unknown` : ''}`
      print(`${columns}  ${soFar.padEnd(23)}  ${what}${perSecond < GOAL ? `: goal ≥ ${GOAL} MISSED` : ''}`)
    }
  }
}

function measure(
  create: () => ReturnType<typeof createOnlineChecker>,
  events: readonly EventInput[],
): { readonly ms: number; readonly soFar: string; readonly held: number } {
  let best = Number.POSITIVE_INFINITY
  let soFar = ''
  let held = 0
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const checker = create()
    const before = now()
    for (const [at, event] of events.entries()) {
      checker.push(event)
      if (at % 1_000 === 0) held = Math.max(held, checker.retained())
    }
    best = Math.min(best, now() - before)
    soFar = checker.doubt() ?? checker.soFar()
    const violation = checker.violation()
    if (violation !== undefined) soFar += `: ${violation.sentence}`
  }
  return { ms: best, soFar, held }
}
