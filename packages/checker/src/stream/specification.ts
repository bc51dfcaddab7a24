import type { Span, StateMachine } from '../object/search/explained.ts'
import type { Guarantee } from './guarantees.ts'

/** One operation on a partitioned log, restricted to one partition, with its result. */
export type StreamOperation = Span & { readonly process: number } & (Sending | Polling | Moving | Committing | End)

interface Sending {
  readonly does: 'send'
  /** In the order of sending. */
  readonly messages: readonly Sent[]
  readonly isConfirmed: boolean
}

interface Sent {
  readonly message: string
  readonly offset: number | undefined
}

interface Polling {
  readonly does: 'poll'
  /** The requested offset, unless the poll continues at the consumer's position. */
  readonly from: number | undefined
  readonly messages: readonly At[]
}

interface Moving {
  /** `forget`: the position becomes unknown. `subscribe`: the group decides it from now on. */
  readonly does: 'forget' | 'subscribe'
}

interface Committing {
  /** `resume`: an assignment that returns the committed offset. */
  readonly does: 'commit' | 'resume'
  readonly offset: number
}

/** The last operation, after all sends. It is legal only if the sends explain every known message (see `isAllSent`). */
interface End {
  readonly does: 'end'
}

interface At {
  readonly offset: number
  readonly message: string
}

interface Entry extends At {
  /** Whether a send put the message at the offset. If not, only a poll showed the message there. */
  readonly isSent: boolean
}

/**
 * A consumer's position. The consumer must not get messages before the offset `least`, and must get every message from
 * the offset `from` on.
 */
interface Position {
  readonly least: number
  readonly from: number
}

export interface StreamState {
  readonly log: readonly Entry[]
  readonly sent: readonly string[]
  /** By producer, the highest offset of its confirmed messages. */
  readonly producers: ReadonlyMap<number, number>
  /** By process: its position, or `group` if the group decides it. */
  readonly positions: ReadonlyMap<number, Position | 'group'>
  readonly committed: number
}

/** `sends`: how many sends of a message did not fail. `withoutOffset`: how many of these returned no offset. */
export interface Attempts {
  readonly sends: number
  readonly withoutOffset: number
}

export interface StreamRules {
  /** The guarantees assumed to hold. The log may break all others. */
  readonly kept: ReadonlySet<Guarantee>
  /** All messages that some operation shows in the partition. `isReturned`: whether a send returned the offset. */
  readonly known: readonly (At & { readonly isReturned: boolean })[]
  readonly attempts: ReadonlyMap<string, Attempts>
}

const NOWHERE = Number.NEGATIVE_INFINITY

/**
 * Defines one partition of a log with producers and consumers as a state machine. Its rules are the guarantees about
 * single steps. If a send returned no offset, its message gets an unseen offset, or an offset where another operation
 * showed an equal message.
 *
 * The guarantees about lost and unseen messages are defined in `scan.ts`. The guarantees about single steps are also
 * checked there, in O(n log n). The checker uses this state machine only for equal messages.
 */
export function stream(rules: StreamRules): StateMachine<StreamState, StreamOperation> {
  const returned = rules.known.flatMap(({ offset, isReturned }) => (isReturned ? [offset] : []))
  const firstReturned = Math.min(...returned)
  return {
    initial: { log: [], sent: [], producers: new Map(), positions: new Map(), committed: NOWHERE },
    step: (state, operation) => {
      const { positions, committed } = state
      switch (operation.does) {
        case 'send':
          return send(rules, state, operation)
        case 'poll':
          return poll(rules, state, operation, firstReturned)
        case 'forget': {
          const without = new Map(positions)
          without.delete(operation.process)
          return [{ ...state, positions: without }]
        }
        case 'subscribe':
          return [{ ...state, positions: new Map(positions).set(operation.process, 'group') }]
        case 'commit':
          return [{ ...state, committed: Math.max(committed, operation.offset) }]
        case 'resume': {
          const { offset, process } = operation
          if (rules.kept.has('committed-starts') && stands(rules, committed + 1, offset)) return []
          const position = { least: offset, from: committed >= offset ? offset + 1 : offset }
          return [{ ...state, positions: new Map(positions).set(process, position) }]
        }
        case 'end':
          return isAllSent(rules, state) ? [state] : []
        default:
          return operation satisfies never
      }
    },
    key: ({ log, sent, producers, positions, committed }) =>
      JSON.stringify([
        log.map(({ offset, message, isSent }) => `${offset} ${message} ${isSent}`).sort(),
        [...sent].sort(),
        ...[producers, positions].map((each) => [...each].sort(([one], [other]) => one - other)),
        `${committed}`,
      ]),
    nameOf: () => undefined,
  }
}

const stands = ({ known }: StreamRules, from: number, to: number): boolean =>
  known.some(({ offset }) => from <= offset && offset < to)

const isAt =
  (one: At) =>
  (other: At): boolean =>
    one.offset === other.offset && one.message === other.message

function send(
  rules: StreamRules,
  state: StreamState,
  { messages, isConfirmed, process }: Sending & { readonly process: number },
): readonly StreamState[] {
  const before = state.producers.get(process) ?? NOWHERE
  let ways: readonly Way[] = [{ state, end: before }]
  for (const sent of messages) ways = ways.flatMap((way) => put(rules, way, sent))
  return ways.map((way) => {
    const producers = new Map(state.producers).set(process, Math.max(before, way.end))
    return isConfirmed ? { ...way.state, producers } : way.state
  })
}

/** A possible state while a batch is sent. `end` is the highest offset of the producer's messages so far. */
interface Way {
  readonly state: StreamState
  readonly end: number
}

function put(rules: StreamRules, { state, end }: Way, { message, offset }: Sent): readonly Way[] {
  const sent = state.sent.includes(message) ? state.sent : [...state.sent, message]
  const isFree = (at: At): boolean => !state.log.some((entry) => entry.isSent && isAt(at)(entry))
  const seen = rules.known.filter((at) => at.message === message && isFree(at))
  const places = offset === undefined ? seen.map((at) => at.offset) : [offset]
  const ways = places.flatMap((place): readonly Way[] => {
    const there = state.log.filter((entry) => entry.offset === place)
    if (rules.kept.has('consistent-offsets') && there.some((entry) => entry.isSent || entry.message !== message))
      return []
    if (rules.kept.has('monotonic-sends') && place <= end) return []
    const at = { offset: place, message }
    const log = [...state.log.filter((entry) => !isAt(at)(entry)), { ...at, isSent: true }]
    return [{ state: { ...state, sent, log }, end: Math.max(end, place) }]
  })
  return offset === undefined ? [...ways, { state: { ...state, sent }, end }] : ways
}

function poll(
  rules: StreamRules,
  state: StreamState,
  { process, from, messages }: Polling & { readonly process: number },
  firstReturned: number,
): readonly StreamState[] {
  const { kept } = rules
  const known = state.positions.get(process)
  const position = from === undefined ? (known === 'group' ? undefined : known) : { least: from, from }
  let { least, from: next } = position ?? { least: NOWHERE, from: Number.POSITIVE_INFINITY }
  let { log } = state
  for (const at of messages) {
    const { offset, message } = at
    if (kept.has('monotonic-polls') && offset < least) return []
    if (kept.has('no-skips') && stands(rules, next, offset)) return []
    if (kept.has('no-aborted-reads') && !mayBeThere(rules, { ...state, log }, at, firstReturned)) return []
    const there = log.filter((entry) => entry.offset === offset)
    if (kept.has('consistent-offsets') && there.some((entry) => entry.message !== message)) return []
    if (!there.some(isAt(at))) log = [...log, { ...at, isSent: false }]
    ;[least, next] = [offset + 1, offset + 1]
  }
  const isMoved = known !== 'group' && (messages.length > 0 || from !== undefined)
  const positions = isMoved ? new Map(state.positions).set(process, { least, from: next }) : state.positions
  return [{ ...state, log, positions }]
}

/**
 * Reports whether a poll may return a message at an offset. If a send returned this offset, that send must precede the
 * poll. Otherwise, any send of the message must, or the message may be older than the record.
 */
function mayBeThere(
  { known, attempts }: StreamRules,
  { log, sent }: StreamState,
  at: At,
  firstReturned: number,
): boolean {
  if (log.some((entry) => entry.isSent && isAt(at)(entry))) return true
  if (known.some((each) => each.isReturned && isAt(at)(each))) return false
  if (sent.includes(at.message)) return true
  return attempts.get(at.message)?.sends !== 0 && !(at.offset >= firstReturned)
}

/**
 * Reports whether a send put each known message at its offset. Exempt are messages without sends and, if duplicates are
 * allowed, messages at more offsets than they have sends.
 */
function isAllSent({ kept, known, attempts }: StreamRules, { log }: StreamState): boolean {
  return known.every((at) => {
    const { sends, withoutOffset } = attempts.get(at.message) ?? { sends: 0, withoutOffset: 0 }
    const isEnough =
      known.filter(({ message, isReturned }) => message === at.message && !isReturned).length <= withoutOffset
    const isDue = sends > 0 && (kept.has('no-duplicates') || (kept.has('monotonic-sends') && isEnough))
    return !isDue || log.some((entry) => entry.isSent && isAt(at)(entry))
  })
}
