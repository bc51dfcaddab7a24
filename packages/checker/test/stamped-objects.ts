import type { EventInput, Json } from '@chaosproxy/history'
import { kinds, type ObjectKind, randomObjectEvents, type Simulated } from './random-objects.ts'

// Atomic objects whose clients stamp events in whole milliseconds.

const below = (n: number, random: () => number): number => Math.floor(random() * n)

/** A store that executes each transaction at one moment. */
const transactions = (areLists: boolean): ObjectKind => {
  let next = 1
  const write = areLists ? 'append' : 'w'
  return {
    simulate: () => {
      const held = new Map<string, Json>()
      return {
        apply: ({ value }) =>
          (value as [string, string, Json][]).map(([f, key, written]) => {
            const before = held.get(key) ?? (areLists ? [] : null)
            if (f === write) held.set(key, areLists ? [...(before as Json[]), written] : written)
            return [f, key, f === write ? written : before]
          }),
      }
    },
    ask: (r) => ({
      f: 'txn',
      value: Array.from({ length: 1 + below(3, r) }, () => {
        const key = ['x', 'y', 'z'][below(3, r)] ?? 'x'
        return r() < 0.5 ? ['r', key, null] : [write, key, next++]
      }),
    }),
    mutate: (output) => output,
  }
}

const register = (): ObjectKind => {
  let next = 0
  return {
    simulate: () => {
      let held: Json = null
      return {
        apply: ({ f, value }) => {
          if (f === 'read') return held
          if (f === 'write') held = value
          else {
            const [from, to] = value as readonly [Json, Json]
            if (held !== from) return undefined
            held = to
          }
          return value
        },
      }
    },
    ask: (r) => {
      const kind = r()
      if (kind < 0.5) return { f: 'read', value: null }
      next++
      return kind < 0.9 ? { f: 'write', value: next } : { f: 'cas', value: [below(next, r), next] }
    },
    mutate: (output) => output,
  }
}

const stream = (): ObjectKind => {
  let next = 0
  return {
    simulate: () => {
      const log: [number, number][] = []
      const positions = new Map<number, number>()
      return {
        apply: ({ f, value }, process) => {
          const [first] = value as [string, string, number][]
          if (f === 'assign') {
            positions.set(process, positions.get(process) ?? 0)
            return value
          }
          if (f === 'send') return [['send', 'a', log[log.push([log.length, first?.[2] ?? 0]) - 1] ?? null]]
          const from = positions.get(process)
          if (from === undefined) return undefined
          const found = log.slice(from, from + 3)
          positions.set(process, from + found.length)
          return [['poll', found.length === 0 ? {} : { a: found }]]
        },
      }
    },
    ask: (r) => {
      const kind = r()
      if (kind < 0.4) return { f: 'send', value: [['send', 'a', next++]] }
      return kind < 0.7 ? { f: 'assign', value: ['a'] } : { f: 'poll', value: [['poll']] }
    },
    mutate: (output) => output,
  }
}

const workQueue = (): ObjectKind => {
  let next = 1
  return {
    simulate: () => {
      const messages: Json[] = []
      return {
        apply: ({ f, value }) => {
          if (f === 'enqueue') {
            messages.push(value)
            return value
          }
          const message = messages.shift()
          return message === undefined ? null : [message, `r${message}`]
        },
      }
    },
    ask: (r) => (r() < 0.5 ? { f: 'enqueue', value: next++ } : { f: 'take', value: null }),
    mutate: (output) => output,
  }
}

const watch = (): ObjectKind => {
  let next = 1
  return {
    simulate: () => {
      const changes: Json[] = []
      return {
        apply: ({ f, value }) => {
          if (f === 'changes') return { from: 1, to: changes.length, changes: [...changes] }
          changes.push({ revision: changes.length + 1, key: 'x', value })
          return changes.length
        },
      }
    },
    ask: (r) => (r() < 0.7 ? { f: 'put', value: next++ } : { f: 'changes', value: { from: 1 } }),
    mutate: (output) => output,
  }
}

/**
 * By name: a function that makes random objects of a model. The name is the name of the model, or begins with it (see
 * `modelOfKind`).
 */
export const stampedKinds: { readonly [name: string]: (random: () => number) => ObjectKind } = {
  register,
  ...Object.fromEntries(
    Object.entries(kinds).map(([model, kindOf]) => [model, (random: () => number) => kindOf(random, true)]),
  ),
  'list-append of transactions': () => transactions(true),
  'rw-register': () => transactions(false),
  stream,
  'work-queue': workQueue,
  watch,
}

export const modelOfKind = (name: string): string => name.split(' ')[0] ?? name

const KEYED: readonly string[] = ['watch']

interface RequestedOperation {
  readonly f: string
  readonly value: Json
}

/**
 * By model: the operations that end a history, 20 ms apart, with their results. One result is out of date, or
 * impossible after the other operations. Models that are judged by guarantees have no entry.
 */
const staleReads: { readonly [name: string]: (object: Simulated) => readonly (readonly [RequestedOperation, Json])[] } =
  {
    register: () => [
      [{ f: 'write', value: 7_000 }, 7_000],
      [{ f: 'read', value: null }, null],
    ],
    'multi-register': () => [
      [{ f: 'txn', value: [['write', 'x', 9]] }, [['write', 'x', 9]]],
      [{ f: 'txn', value: [['read', 'x', null]] }, [['read', 'x', 8]]],
    ],
    counter: (object) => readBefore(object, { f: 'add', value: 1 }, 1),
    set: (object) => readBefore(object, { f: 'add', value: 777 }, 777),
    'list-append': (object) => readBefore(object, { f: 'append', value: 777 }, 777),
    'dense-log': (object) => readBefore(object, { f: 'append', value: 7 }),
    log: (object) => readBefore(object, { f: 'append', value: 7 }),
    bank: (object) => {
      const { a = 0 } = object.apply({ f: 'read', value: null }, 0) as { a?: number }
      const value = { ...(a > 0 ? { from: 'a', to: 'b' } : { from: 'b', to: 'a' }), amount: 1 }
      return readBefore(object, { f: 'transfer', value }, value)
    },
    queue: emptied,
    bag: emptied,
    lock: () => [
      [{ f: 'acquire', value: null }, null],
      [{ f: 'acquire', value: null }, null],
    ],
    'unique-ids': () => [
      [{ f: 'generate', value: null }, 900],
      [{ f: 'generate', value: null }, 900],
    ],
    'list-append of transactions': () => [
      [{ f: 'txn', value: [['append', 'new', 9]] }, [['append', 'new', 9]]],
      [{ f: 'txn', value: [['r', 'new', null]] }, [['r', 'new', []]]],
      [{ f: 'txn', value: [['r', 'new', null]] }, [['r', 'new', [9]]]],
    ],
    'rw-register': () => [
      [{ f: 'txn', value: [['w', 'new', 9]] }, [['w', 'new', 9]]],
      [{ f: 'txn', value: [['r', 'new', null]] }, [['r', 'new', null]]],
    ],
  }

/** A change, and a read that returns the content before the change. */
function readBefore(
  object: Simulated,
  change: RequestedOperation,
  output?: Json,
): readonly (readonly [RequestedOperation, Json])[] {
  const before = object.apply({ f: 'read', value: null }, 0) ?? null
  return [
    [change, output ?? object.apply(change, 0) ?? null],
    [{ f: 'read', value: null }, before],
  ]
}

/** Takes all remaining messages, adds a message, and takes again. The last take wrongly finds no message. */
function emptied(object: Simulated): readonly (readonly [RequestedOperation, Json])[] {
  const taken: (readonly [RequestedOperation, Json])[] = []
  const take = { f: 'dequeue', value: null }
  for (let left = object.apply(take, 0) ?? null; left !== null; left = object.apply(take, 0) ?? null)
    taken.push([take, left])
  return [...taken, [{ f: 'enqueue', value: 777 }, 777], [take, null]]
}

/**
 * Removes the id of a transfer. Of several transfers with one id, only the first takes effect. If their stamps are
 * equal, it is unknown which one was first, so later reads could not be judged.
 */
function withoutId(requested: RequestedOperation): RequestedOperation {
  if (requested.f !== 'transfer') return requested
  const { id: _, ...value } = requested.value as { readonly id?: Json }
  return { ...requested, value }
}

export const hasStaleRead = (name: string): boolean => Object.hasOwn(staleReads, name)

export interface StampedShape {
  readonly clients: number
  readonly operations: number
  readonly latencyMs: number
  readonly isStale: boolean
}

const NANOS_PER_MS = 1e6

/**
 * Returns the events of clients of an atomic object, stamped in whole milliseconds. With `isStale`, the last read is 20
 * ms out of date.
 */
export function stampedEvents(
  name: string,
  { clients, operations, latencyMs, isStale }: StampedShape,
  random: () => number,
): EventInput[] {
  // Uses the simplest kind of the object. Otherwise, how hard a history is to refute would depend not only on its
  // stamps, but also on random properties, such as repeated values.
  const kind = stampedKinds[name]!(isStale ? () => 0 : random)
  let object: Simulated | undefined
  const watched = {
    ...kind,
    ask: (r: () => number) => (isStale ? withoutId(kind.ask(r)) : kind.ask(r)),
    simulate: () => {
      object = kind.simulate()
      return object
    },
  }
  const unknown = isStale || name === 'stream' ? 0 : 0.03
  const events = randomObjectEvents(
    watched,
    { processes: clients, operations, unknown, failed: 0.02, mutated: 0 },
    random,
  )
  const gapMs = latencyMs / distanceOf(events)
  let now = 5 * random()
  const stamped = events.map((event) => {
    now -= gapMs * Math.log(1 - random())
    return stampedAt(event, now)
  })
  const rest = isStale && object !== undefined ? (staleReads[name]?.(object) ?? []) : []
  const late = rest.flatMap(([requested, output], n): EventInput[] => {
    const at = now + 22 * (n + 1)
    const process = `late ${n}`
    return [
      stampedAt({ process, type: 'invoke', ...requested }, at),
      stampedAt({ process, type: 'ok', f: requested.f, value: output }, at + 2),
    ]
  })
  const all = [...stamped, ...late]
  return KEYED.includes(name) ? all.map((event) => (event.f === 'put' ? { ...event, key: 'x' } : event)) : all
}

const stampedAt = (event: EventInput, ms: number): EventInput => ({ ...event, time: Math.floor(ms) * NANOS_PER_MS })

/** Returns the average number of events from an operation's call to its return. */
function distanceOf(events: readonly EventInput[]): number {
  const open = new Map<EventInput['process'], number>()
  let [sum, count] = [0, 0]
  for (const [at, { process, type }] of events.entries()) {
    if (type === 'invoke') open.set(process, at)
    else {
      sum += at - (open.get(process) ?? at)
      count += 1
    }
  }
  return sum / Math.max(1, count)
}
