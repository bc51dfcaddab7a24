import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { remember } from '../memory.ts'
import { isRead, UNKEYED } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import type { Broker, BrokerConfig, BrokerState, BrokerTurn, Publication } from './state.ts'

// Publish and subscribe: the broker pushes changes to every other node. At most once: "the message is delivered
// according to the capabilities of the underlying network. No response is sent by the receiver and no retry is
// performed by the sender" (MQTT 5.0, OASIS 2019, §4.3.1). At least once: a message is sent until it is acknowledged
// (§4.3.2). Exactly once: the receiver remembers the messages that it has received (§4.3.3).

/** Whether each node answers its clients' reads from its own copy of the object. Queues are never copied. */
export const isPushed = ({ topics, object }: BrokerConfig): boolean => topics === 'push' && object.name !== 'queue'

/** Returns the answer from a subscriber's copy; undefined if the broker must answer. */
export function readCopy({ state, config }: BrokerTurn, command: Command): Completion | undefined {
  const isOwn = isPushed(config) && state.id !== state.broker && isRead(config, command)
  return isOwn ? config.object.apply(state.copy, command.input) : undefined
}

/** Queues a change for each subscriber. */
export function owe(
  { state, config }: Pick<BrokerTurn, 'state' | 'config'>,
  command: Command,
  result: Completion,
): void {
  if (!isPushed(config) || isRead(config, command) || result.type !== 'ok') return
  state.published++
  const publication: Publication = { number: state.published, command }
  for (const pending of state.subscribers.values()) pending.push(publication)
}

export function push(turn: BrokerTurn): void {
  const { state, config } = turn
  for (const [subscriber, pending] of state.subscribers) {
    const due = config.ordered && config.delivery !== 'at-most-once' ? firstOfKeys(pending) : pending
    for (const { number, command } of due) turn.send(subscriber, { type: 'publish', number, command })
    if (config.delivery === 'at-most-once') pending.length = 0
  }
  if (owes(state)) turn.setTimer('push', config.retransmitMs)
}

/**
 * Returns the first pending message of each key. Later messages of the key must wait. Otherwise, a subscriber that
 * missed the first message would get it after them (§4.6, with a Receive Maximum of 1).
 */
function firstOfKeys(pending: readonly Publication[]): readonly Publication[] {
  const first = new Map<string, Publication>()
  for (const publication of pending) {
    const key = keyOf(publication)
    if (!first.has(key)) first.set(key, publication)
  }
  return [...first.values()]
}

const keyOf = ({ command }: Publication): string => command.input.key ?? UNKEYED

export const owes = ({ subscribers }: BrokerState): boolean =>
  [...subscribers.values()].some((pending) => pending.length > 0)

/** Returns the largest number of changes that a subscriber has not acknowledged. */
export const backlog = ({ subscribers }: BrokerState): number =>
  Math.max(0, ...[...subscribers.values()].map((pending) => pending.length))

export const topicMessages: Handlers<Broker, 'publish' | 'got'> = {
  /** Handles a change at a subscriber, which writes it to disk before acknowledging it. */
  publish(turn, { number, command }, from) {
    const { state, config } = turn
    const isKnown = config.delivery === 'exactly-once' && state.got.has(String(number))
    if (!isKnown) {
      take(turn, { number, command })
      turn.persist({ kind: 'got', number, command })
    }
    if (config.delivery !== 'at-most-once') turn.send(from, { type: 'got', number })
  },
  got(turn, { number }, from) {
    const { state, config } = turn
    const before = state.subscribers.get(from) ?? []
    if (!before.some((publication) => publication.number === number)) return
    const subscribers = config.bug === 'one-ack-for-all' ? [...state.subscribers.keys()] : [from]
    for (const subscriber of subscribers) {
      // The bug: an acknowledgement of one subscriber counts for all.
      if (
        subscriber !== from &&
        state.subscribers.get(subscriber)?.some((publication) => publication.number === number) === true
      )
        turn.mark()
      noteDelivered(turn, subscriber, number)
      turn.persist({ kind: 'delivered', subscriber, number })
    }
    const key = before.find((publication) => publication.number === number)
    const next = key && state.subscribers.get(from)?.find((publication) => keyOf(publication) === keyOf(key))
    if (config.ordered && next !== undefined) turn.send(from, { type: 'publish', ...next })
  },
}

export function take({ state, config }: Pick<BrokerTurn, 'state' | 'config'>, { number, command }: Publication): void {
  config.object.apply(state.copy, command.input)
  remember(state.got, String(number), true)
}

export function noteDelivered({ state }: Pick<BrokerTurn, 'state'>, subscriber: NodeId, number: number): void {
  const pending = state.subscribers.get(subscriber)
  if (pending === undefined) return
  state.subscribers.set(
    subscriber,
    pending.filter((publication) => publication.number !== number),
  )
}
