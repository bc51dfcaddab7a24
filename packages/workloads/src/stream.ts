import type { Random } from '@chaosproxy/faults'
import { type Completion, type Input, isObject, type Json } from '@chaosproxy/history'
import { createKeyPool, type KeyPool, keysSetting } from './keys.ts'
import { numberOf, type Settings, shareSetting } from './setting.ts'
import { missing, unfound } from './vacuity.ts'
import type { Client, Workload } from './workload.ts'

/** The share of operations that assign partitions to a consumer again. */
const ASSIGNS = 1 / 32
/** The maximum number of consecutive empty polls after healing. `PAUSE_MS` is the pause after each. */
const MOST_IN_VAIN = 30
const PAUSE_MS = 100

/**
 * Partitioned logs as in Kafka, after Jepsen's Kafka workload. Clients send distinct messages, are assigned some
 * partitions, poll these from their current offsets, and commit the offsets that they have polled. A consumer that
 * crashes continues from the committed offsets. After healing, one client of each node polls every partition from
 * beginning to end.
 */
export const stream: Workload = {
  name: 'stream',
  summary: 'partitioned logs with consumers and committed offsets, as in Kafka; some consumers crash',
  model: 'stream',
  initial: null,
  levels: ['faithful'],
  object: 'stream',
  functions: ['send', 'poll', 'assign', 'commit_offsets'],
  reads: ['poll', 'assign'],
  settings: [
    keysSetting(5, 'how many partitions clients use'),
    shareSetting('sends', 0.5, 'share of operations that send'),
    shareSetting('crashes', 0.02, 'share of operations before which a consumer crashes'),
  ],
  asksAfterHealing: true,
  create(settings, serial) {
    const shared: Shared = { keys: createKeyPool(numberOf(settings, 'keys')), ends: new Map(), last: serial }
    return { client: (random, rank) => createClient({ random, rank, settings, shared }) }
  },
  finale: (keys) => [{ f: 'poll', value: Object.fromEntries(keys.map((key) => [key, 0])) }],
  // A node may answer with any number of messages.
  agreedOn: () => null,
  vacuous: (history) => [
    ...missing(history, 'send'),
    ...unfound(history, ['poll'], {
      text: 'no poll returned a message',
      fits: (polled) => offsetsIn(polled).length > 0,
    }),
  ],
}

interface Shared {
  readonly keys: KeyPool
  /** By partition: the highest known offset of a message. */
  readonly ends: Map<string, number>
  last: number
}

interface ClientOptions {
  readonly random: Random
  readonly rank: number
  readonly settings: Settings
  readonly shared: Shared
}

function createClient({ random, rank, settings, shared }: ClientOptions): Client {
  const [sends, crashes] = [numberOf(settings, 'sends'), numberOf(settings, 'crashes')]
  /** By partition: the next offset to poll from; undefined without an assignment. */
  let next: Map<string, number> | undefined
  /** The polled offsets that are not committed yet. */
  let polled: readonly (readonly [key: string, offset: number])[] = []
  let vain = 0
  let isFinal = false

  function assign(): Input {
    const chosen = [...new Set([shared.keys.pick(random), shared.keys.pick(random)])]
    const before = next
    next = new Map(chosen.map((key) => [key, before?.get(key) ?? 0]))
    return { f: 'assign', value: chosen }
  }

  const poll = (keys: readonly string[]): Input => ({
    f: 'poll',
    value: Object.fromEntries(keys.map((key) => [key, next?.get(key) ?? 0])),
  })

  function send(): Input {
    shared.last += 1
    return { f: 'send', key: shared.keys.pick(random), value: shared.last }
  }

  function reached(key: string, offset: number): void {
    shared.ends.set(key, Math.max(offset, shared.ends.get(key) ?? offset))
  }

  function assigned(committed: Json): void {
    if (!isObject(committed)) return
    // A consumer continues from the offset that it knows, or else from the committed one.
    for (const [key, offset] of Object.entries(committed))
      if (next?.get(key) === 0 && typeof offset === 'number') next.set(key, offset)
  }

  function learned({ f, key = '' }: Input, completion: Completion): void {
    const isDone = completion.type === 'ok'
    const answer = isDone ? completion.value : null
    if (f === 'send' && isDone && typeof answer === 'number') reached(key, answer)
    if (f === 'assign' && isDone) assigned(answer)
    if (f !== 'poll') return
    const found = isDone ? offsetsIn(answer) : []
    vain = found.length === 0 ? vain + 1 : 0
    for (const [name, offset] of found) {
      reached(name, offset)
      next?.set(name, Math.max(next.get(name) ?? 0, offset + 1))
    }
    if (!isFinal) polled = found
  }

  return {
    next() {
      if (random.chance(crashes)) [next, polled] = [undefined, []]
      if (polled.length > 0) {
        const value = Object.fromEntries(polled)
        polled = []
        return { f: 'commit_offsets', value }
      }
      if (random.chance(sends)) return send()
      return next === undefined || random.chance(ASSIGNS) ? assign() : poll([...next.keys()])
    },
    learned,
    after() {
      if (rank > 0) return undefined
      if (!isFinal) [next, vain, isFinal] = [new Map(), 0, true]
      const behind = [...shared.ends].filter(([key, end]) => (next?.get(key) ?? 0) <= end).map(([key]) => key)
      return behind.length === 0 || vain >= MOST_IN_VAIN ? undefined : poll(behind)
    },
    pauseMs: () => (vain > 0 ? PAUSE_MS : 0),
  }
}

function offsetsIn(answer: Json): readonly (readonly [key: string, offset: number])[] {
  if (!isObject(answer)) return []
  return Object.entries(answer).flatMap(([key, pairs]) => {
    const offsets = Array.isArray(pairs)
      ? pairs.map((pair) => (Array.isArray(pair) ? Number(pair[0]) : Number.NaN))
      : []
    return offsets.length === 0 ? [] : [[key, Math.max(...offsets)] as const]
  })
}
