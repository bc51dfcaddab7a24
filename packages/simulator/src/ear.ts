import type { Link as LinkName } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import type { Heard, Listening, NodeMessage } from '@chaosproxy/runner/result'

export type HeardMessage = { -readonly [member in keyof NodeMessage]: NodeMessage[member] }

/** Records the messages between nodes. */
export interface Ear {
  /** Records a sent message, if it is of interest. */
  sent(link: LinkName, message: unknown): HeardMessage | undefined
}

/** The maximum number of recorded messages. More messages would not help to explain a failure. */
const MOST_HEARD = 2_000

/** A message recorder for one run. It records no messages before `begin`. */
export interface RunEar {
  listen(now: () => number): Ear
  begin(): void
  heard(): Heard
}

/** Records messages between the given nodes, and messages that mention the given changes. */
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

/** Whether a message contains a command on this key with this value. */
function mentions(message: unknown, key: string | undefined, wanted: string, depth: number = 0): boolean {
  if (!isObject(message) || depth > DEEPEST) return false
  if (message instanceof Map) return [...message.values()].some((value) => mentions(value, key, wanted, depth + 1))
  const hasKey = key === undefined || Object.values(message).some((value) => value === key)
  if (hasKey && Object.values(message).some((value) => isValue(value, wanted))) return true
  return Object.values(message).some((value) => mentions(value, key, wanted, depth + 1))
}

/** Maximum depth of the search in a message. Messages are shallow trees. */
const DEEPEST = 12

/** Whether a value is the wanted one, or the input of a cas that writes the wanted value. */
const isValue = (value: unknown, wanted: string): boolean =>
  JSON.stringify(value) === wanted ||
  (Array.isArray(value) && value.length === 2 && JSON.stringify(value[1]) === wanted)
