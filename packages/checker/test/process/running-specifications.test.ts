import { type EventInput, type Json, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { check } from '../../src/check/check.ts'
import * as streams from '../../src/stream/guarantees.ts'
import { type StreamOperation, type StreamState, stream } from '../../src/stream/specification.ts'
import * as queues from '../../src/work-queue/guarantees.ts'
import { type QueueOperation, type QueueState, workQueue } from '../../src/work-queue/specification.ts'
import { many, manyOf } from '../many.ts'
import { seeded } from '../work-queue-orders.ts'

// Lets each specification act as a broker for concurrent clients. The answers of this broker must keep every guarantee.

const CLIENTS = 4
const EVENT_MS = 10

type Answer = readonly [type: 'ok' | 'fail', output: Json]

interface Request {
  readonly f: string
  readonly input: Json
  readonly key?: string
}

interface Broker {
  /** Returns the next request of a client. */
  ask(client: number, pick: (n: number) => number): Request
  /** What a client learns. */
  learned?(client: number, output: Json): void
  /** Carries out a request at the time `ms`. */
  act(client: number, request: Request, ms: number): Answer
  /** The requests of one more client at the end. */
  readonly finale: readonly Request[]
}

/** Returns the history that clients observe. With `losses`, some answers are lost. */
function historyOf(
  broker: Broker,
  pick: (n: number) => number,
  { operations, losses }: { operations: number; losses: boolean },
): EventInput[] {
  const events: EventInput[] = []
  const processes = Array.from({ length: CLIENTS }, (_, i) => i)
  const open = new Map<number, { readonly request: Request; answer?: Answer }>()
  const record = (process: number, type: EventInput['type'], { f, key }: Request, value: Json): void => {
    events.push({
      process,
      type,
      f,
      value,
      time: events.length * EVENT_MS * 1e6,
      ...(key === undefined ? {} : { key }),
    })
  }
  for (let started = 0; started < operations || open.size > 0; ) {
    const client = pick(CLIENTS)
    const process = processes[client] ?? 0
    const own = open.get(client)
    if (own === undefined) {
      if (started++ >= operations) continue
      const request = broker.ask(client, pick)
      record(process, 'invoke', request, request.input)
      open.set(client, { request })
    } else if (own.answer === undefined) own.answer = broker.act(client, own.request, events.length * EVENT_MS)
    else {
      open.delete(client)
      const isLost = losses && pick(15) === 0
      const [type, output] = own.answer
      record(process, isLost ? 'info' : type, own.request, isLost || type === 'fail' ? own.request.input : output)
      if (!isLost) broker.learned?.(client, output)
      if (isLost) processes[client] = Math.max(...processes) + 1
    }
  }
  for (const request of broker.finale) {
    record(99, 'invoke', request, request.input)
    record(99, 'ok', request, broker.act(99, request, events.length * EVENT_MS)[1])
  }
  return events
}

/** A queue whose messages may be equal. It hands out at random what its guarantees allow. */
function queueBroker(
  kept: ReadonlySet<queues.Guarantee>,
  values: number | undefined,
  pick: (n: number) => number,
): Broker {
  const machine = workQueue({ kept, initial: [], isStartUnknown: false })
  let state: QueueState = machine.initial
  let receipts = 0
  let serial = 0
  const held: string[][] = Array.from({ length: CLIENTS }, () => [])
  const does = (operation: QueueOperation): boolean => {
    const next = machine.step(state, operation)
    state = next[pick(Math.max(1, next.length))] ?? state
    return next.length > 0
  }
  return {
    finale: [{ f: 'remaining', input: null }],
    learned(client, output) {
      if (Array.isArray(output) && typeof output[1] === 'string') held[client]?.push(output[1])
    },
    ask(client) {
      const [receipt, ...others] = held[client] ?? []
      if (receipt !== undefined && pick(2) === 0) {
        held[client] = others
        return { f: pick(4) === 0 ? 'nack' : 'ack', input: receipt }
      }
      const kind = pick(9)
      if (kind === 0) return { f: 'remaining', input: null }
      return kind < 5
        ? { f: 'enqueue', input: values === undefined ? serial++ : pick(values) }
        : { f: 'take', input: 20 * pick(5) }
    },
    act(_, { f, input }, ms) {
      const moment = { call: 0, return: 0, fromMs: ms, toMs: ms }
      const left = state.copies.filter((copy) => !copy.isAcknowledged).map(({ text }) => text)
      switch (f) {
        case 'enqueue':
          return [does({ ...moment, does: f, text: JSON.stringify(input), isConfirmed: true }) ? 'ok' : 'fail', input]
        case 'ack':
        case 'nack':
          return [does({ ...moment, does: f, receipt: JSON.stringify(input) }) ? 'ok' : 'fail', input]
        case 'remaining': {
          const counts = new Map(left.map((text) => [text, left.filter((each) => each === text).length]))
          return [
            does({ ...moment, does: 'look', counts, invented: new Set(), isLast: true }) ? 'ok' : 'fail',
            left.map((text) => JSON.parse(text)),
          ]
        }
        default: {
          const receipt = `r${receipts++}`
          const take = {
            ...moment,
            does: 'take',
            receipt: JSON.stringify(receipt),
            leaseMs: Number(input),
            isInvented: false,
          } as const
          const text = left.toSorted(() => pick(3) - 1).find((each) => does({ ...take, text: each }))
          if (text === undefined) return ['ok', null]
          return ['ok', [JSON.parse(text), receipt]]
        }
      }
    },
  }
}

/** One partition with gaps, whose messages may be equal. */
function logBroker(values: number, pick: (n: number) => number): Broker {
  const rulesFor = ({ log }: Pick<StreamState, 'log'>) => ({
    kept: new Set(streams.guarantees),
    known: log.map(({ offset, message }) => ({ offset, message, isReturned: true })),
    attempts: new Map(),
  })
  let state: StreamState = stream(rulesFor({ log: [] })).initial
  const does = (operation: StreamOperation): boolean => {
    const [next] = stream(rulesFor(state)).step(state, operation)
    state = next ?? state
    return next !== undefined
  }
  let end = 0
  return {
    finale: [{ f: 'poll', input: { k: 0 } }],
    ask() {
      switch (pick(9)) {
        case 0:
          return { f: 'commit_offsets', input: { k: pick(end + 1) } }
        case 1:
          return { f: 'assign', input: ['k'] }
        case 2:
        case 3:
        case 4:
        case 5:
          return { f: 'send', input: `m${pick(values)}`, key: 'k' }
        default:
          return { f: 'poll', input: { k: pick(2) === 0 ? null : pick(end + 1) } }
      }
    },
    act(process, { f, input }) {
      const span = { call: 0, return: 0, process }
      const log = state.log.toSorted((a, b) => a.offset - b.offset)
      switch (f) {
        case 'send': {
          const offset = end + pick(2)
          const isDone = does({
            ...span,
            does: 'send',
            messages: [{ message: JSON.stringify(input), offset }],
            isConfirmed: true,
          })
          end = offset + 1
          return [isDone ? 'ok' : 'fail', pick(6) === 0 ? null : offset]
        }
        case 'commit_offsets':
          does({ ...span, does: 'commit', offset: Number((input as { k: number }).k) })
          return ['ok', null]
        case 'assign':
          if (state.committed < 0) {
            does({ ...span, does: 'forget' })
            return ['ok', {}]
          }
          does({ ...span, does: 'resume', offset: state.committed })
          return ['ok', { k: state.committed }]
        default: {
          const { k } = input as { k: number | null }
          const position = state.positions.get(process)
          const at = k ?? (position === undefined || position === 'group' ? 0 : position.from)
          const messages = log.filter(({ offset }) => offset >= at).slice(0, process === 99 ? undefined : pick(4))
          const isDone = does({ ...span, does: 'poll', from: k ?? undefined, messages })
          return [
            isDone ? 'ok' : 'fail',
            { k: messages.map(({ offset, message }): Json => [offset, JSON.parse(message)]) },
          ]
        }
      }
    },
  }
}

const resultsOf = (model: string, levels: readonly string[], events: readonly EventInput[]) => {
  const report = check(smallHistory(events), {
    ...{
      model,
      levels,
      initial: null,
      failedCas: 'drop',
      memoryBytes: 1e9,
      deadlineMs: millis(60_000),
      now: () => millis(0),
    },
  })
  return levels.map((level) => report.levels[level]?.result)
}

const listed = (events: readonly EventInput[]): string => events.map((each) => JSON.stringify(each)).join('\n')

test.each([true, false])(
  `a queue that follows its specification keeps its guarantees in ${manyOf(2_000)} concurrent histories (with lost answers: %s)`,
  (losses) => {
    for (let seed = 1; seed <= many(2_000); seed++) {
      const pick = seeded(seed)
      // Drops at most two guarantees, from the end of the list. The broker may then redeliver messages that were not
      // acknowledged in time, or deliver messages in any order.
      const kept = queues.guarantees.slice(0, queues.guarantees.length - pick(3))
      const broker = queueBroker(new Set(kept), losses ? 3 : undefined, pick)
      const events = historyOf(broker, pick, { operations: 15 + pick(30), losses })
      const wrong = resultsOf('work-queue', kept, events).some((each) =>
        losses ? each === 'violated' : each !== 'met',
      )
      if (wrong) expect.fail(`seed ${seed}: ${resultsOf('work-queue', kept, events)}\n${listed(events)}`)
    }
  },
)

test.each([true, false])(
  `a log that follows its specification keeps its guarantees in ${manyOf(2_000)} concurrent histories (with lost answers: %s)`,
  (losses) => {
    // Leaves out the last guarantee, `no-unseen`. It stays undecided, because no process of these histories ends with
    // five final polls that return no message.
    const kept = streams.guarantees.slice(0, -1)
    for (let seed = 1; seed <= many(2_000); seed++) {
      const pick = seeded(seed)
      const events = historyOf(logBroker(losses ? 3 : 100, pick), pick, { operations: 15 + pick(30), losses })
      const wrong = resultsOf('stream', kept, events).some((each) => (losses ? each === 'violated' : each !== 'met'))
      if (wrong) expect.fail(`seed ${seed}: ${resultsOf('stream', kept, events)}\n${listed(events)}`)
    }
  },
)
