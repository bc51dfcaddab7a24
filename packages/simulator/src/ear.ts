import type { Link as LinkName } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import type { Heard, Listening, NodeMessage } from '@chaosproxy/runner/result'

/** A message that was heard, as it travels. */
export type HeardMessage = { -readonly [member in keyof NodeMessage]: NodeMessage[member] }

/** Hears the messages between nodes, and learns whether they arrive. */
export interface Ear {
  /** Undefined for a message that nobody listens for. */
  sent(link: LinkName, message: unknown): HeardMessage | undefined
}

/** The most messages recorded; more would explain nothing. */
const MOST_HEARD = 2_000

/** An ear for one run. It hears nothing before `begin`. */
export interface RunEar {
  listen(now: () => number): Ear
  begin(): void
  heard(): Heard
}

/** Hears messages between certain nodes, and messages with a certain change, during a part of a run. */
export function createEar(listening: Listening): RunEar {
  const { from, to, between, about } = listening
  const wanted = about.map((change) => ({ change, value: JSON.stringify(change.value) }))
  const messages: HeardMessage[] = []
  let clock: () => number = () => 0
  let begunAt: number | undefined
  let isCut = false

  function sent(link: LinkName, message: unknown): HeardMessage | undefined {
    if (begunAt === undefined) return undefined
    const sentAt = clock() - begunAt
    if (sentAt < from || sentAt > to) return undefined
    const carries = wanted.findLast(({ change: { key }, value }) => mentions(message, key, value))?.change
    if (carries === undefined && !(between.includes(link.from) && between.includes(link.to))) return undefined
    if (messages.length === MOST_HEARD) {
      isCut = true
      return undefined
    }
    const common = {
      from: link.from,
      to: link.to,
      type: typeOf(message),
      ...(carries === undefined ? {} : { carries }),
    }
    const heard: HeardMessage = { ...common, sentAt: nanos(sentAt), fate: 'on its way' }
    messages.push(heard)
    return heard
  }

  return {
    listen(now) {
      clock = now
      return { sent }
    },
    begin() {
      begunAt = clock()
    },
    heard: () => ({
      listening,
      isCut,
      messages: messages.map(({ endedAt, ...message }) =>
        endedAt === undefined || message.fate === 'held' || message.fate === 'on its way'
          ? message
          : { ...message, endedAt: nanos(endedAt - (begunAt ?? 0)) },
      ),
    }),
  }
}

const isObject = (value: unknown): value is { readonly [member: string]: unknown } =>
  typeof value === 'object' && value !== null

const typeOf = (message: unknown): string =>
  isObject(message) && typeof message['type'] === 'string' ? message['type'] : 'message'

/** Whether somewhere within it there is a command on this key with this value. */
function mentions(message: unknown, key: string | undefined, wanted: string, depth: number = 0): boolean {
  if (!isObject(message) || depth > DEEPEST) return false
  if (message instanceof Map) return [...message.values()].some((value) => mentions(value, key, wanted, depth + 1))
  const hasKey = key === undefined || Object.values(message).some((value) => value === key)
  if (hasKey && Object.values(message).some((value) => isValue(value, wanted))) return true
  return Object.values(message).some((value) => mentions(value, key, wanted, depth + 1))
}

/** Messages are trees, and not deep. */
const DEEPEST = 12

/** The value itself, or the new value of a cas. */
const isValue = (value: unknown, wanted: string): boolean =>
  JSON.stringify(value) === wanted ||
  (Array.isArray(value) && value.length === 2 && JSON.stringify(value[1]) === wanted)
