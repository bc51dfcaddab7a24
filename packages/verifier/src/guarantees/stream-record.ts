import { type History, isList, type Operation, textOf } from '../history.ts'
import { isObject, type Json } from '../proof.ts'
import { grouped, misread } from './patterns.ts'

export interface Send {
  readonly of: Operation
  readonly partition: string
  readonly message: string
  /** The offset that the producer received, if any. */
  readonly offset: number | undefined
}

export interface At {
  readonly offset: number
  readonly message: string
}

/** The messages that a consumer polled from one partition. */
export interface Poll {
  readonly of: Operation
  readonly partition: string
  readonly messages: readonly At[]
  /** The first offset of the poll: the requested one, or the process's position. Undefined if unknown. */
  readonly from: number | undefined
  /** The operation that assigned the offset at which the poll begins. */
  readonly resumed: Operation | undefined
  readonly isOfGroup: boolean
}

interface Commit {
  readonly of: Operation
  readonly partition: string
  readonly offset: number
}

interface Record {
  readonly sends: readonly Send[]
  readonly polls: readonly Poll[]
  readonly commits: readonly Commit[]
  readonly starts: readonly Commit[]
  /** Whether the history lacks the messages of some poll. */
  readonly isPollLost: boolean
}

/** An operation that shows a message at an offset. With `isSent`, it is the send to which the offset was returned. */
export interface Placed extends At {
  readonly of: Operation
  readonly isSent: boolean
}

export interface Partition extends Record {
  readonly placed: readonly Placed[]
  /** Messages with their offsets, as text. `sent`: the sends that returned the offsets. `polled`: what polls showed. */
  readonly sent: ReadonlyMap<string, Operation>
  readonly polled: ReadonlySet<string>
  /** By message: the offsets that polls showed and no send returned. */
  readonly seen: ReadonlyMap<string, ReadonlySet<number>>
  /** By message: its sends that did not fail. */
  readonly attempts: ReadonlyMap<string, readonly Send[]>
}

export const nameOf = ({ offset, message }: At): string => `${offset} ${message}`

/** Returns the partitions of a history. @throws Undecided if an operation has an unknown form */
export function partitionsOf(history: History): readonly Partition[] {
  const { sends, polls, commits, starts, isPollLost } = recordOf(history)
  const names = new Set([...sends, ...polls, ...commits, ...starts].map(({ partition }) => partition))
  const by = <Item extends { readonly partition: string }>(all: readonly Item[]) =>
    grouped(all, (each) => each.partition)
  const [bySend, byPoll, byCommit, byStart] = [by(sends), by(polls), by(commits), by(starts)]
  return [...names].map((name): Partition => {
    const own = { sends: bySend.get(name) ?? [], polls: byPoll.get(name) ?? [] }
    const bySending = own.sends.flatMap(({ of, message, offset }): Placed[] =>
      offset === undefined ? [] : [{ of, message, offset, isSent: true }],
    )
    const byPolling = own.polls.flatMap(({ of, messages }) => messages.map((at) => ({ ...at, of, isSent: false })))
    // If several sends returned the same offset and message, the send with the earliest call counts.
    const sent = new Map(bySending.toReversed().map((each) => [nameOf(each), each.of]))
    const seen = grouped(
      byPolling.filter((each) => !sent.has(nameOf(each))),
      ({ message }) => message,
    )
    return {
      ...{ ...own, sent, commits: byCommit.get(name) ?? [], starts: byStart.get(name) ?? [], isPollLost },
      placed: [...bySending, ...byPolling],
      polled: new Set(byPolling.map(nameOf)),
      seen: new Map(Array.from(seen, ([message, all]) => [message, new Set(all.map(({ offset }) => offset))])),
      attempts: grouped(
        own.sends.filter(({ of }) => of.outcome !== 'fail'),
        ({ message }) => message,
      ),
    }
  })
}

interface Place {
  readonly next: number
  readonly resumed: Operation | undefined
}

/** A consuming process. `requested`: it asked to join a group, and the outcome is unknown. */
interface Consumer {
  readonly group: 'none' | 'requested' | 'joined'
  readonly places: Map<string, Place>
}

/** Returns sends, polls and commits in order of call. @throws Undecided if an operation has an unknown form */
function recordOf({ operations }: History): Record {
  const sends: Send[] = []
  const polls: Poll[] = []
  const commits: Commit[] = []
  const starts: Commit[] = []
  const consumers = new Map<string, Consumer>()
  let isPollLost = false
  for (const of of operations) {
    const { f, process, outcome, input, answer } = of
    const isOk = outcome === 'ok'
    const consumer = consumers.get(process) ?? { group: 'none', places: new Map<string, Place>() }
    consumers.set(process, consumer)
    switch (f) {
      case 'send':
      case 'poll':
      case 'txn':
        for (const step of stepsOf(of))
          if ('message' in step) sends.push({ of, ...step })
          else if ('messages' in step) polls.push(pollOf(of, step, consumer))
          else {
            isPollLost = true
            consumer.places.clear()
          }
        break
      case 'commit_offsets':
        if (outcome !== 'fail') commits.push(...offsetsIn(of, input))
        break
      case 'assign': {
        const kept = new Set(isOk && isList(answer) ? answer.map(String) : [])
        const places = new Map([...consumer.places].filter(([partition]) => kept.has(partition)))
        consumers.set(process, { group: 'none', places })
        for (const start of isOk && !isList(answer) ? offsetsIn(of, answer) : []) {
          starts.push(start)
          places.set(start.partition, { next: start.offset, resumed: of })
        }
        break
      }
      case 'subscribe':
        consumers.set(process, { group: isOk ? 'joined' : 'requested', places: new Map() })
        break
      case 'crash':
        consumers.delete(process)
        break
      case 'debug-topic-partitions':
        break
      default:
        misread(of)
    }
  }
  return { sends, polls, commits, starts, isPollLost }
}

type Step = Omit<Send, 'of'> | Omit<Poll, 'of' | 'resumed' | 'isOfGroup'> | { readonly isLost: true }

function pollOf(
  of: Operation,
  { partition, from, messages }: Extract<Step, { messages: unknown }>,
  consumer: Consumer,
): Poll {
  const { group, places } = consumer
  const before = from === undefined ? places.get(partition) : undefined
  const last = messages.at(-1)
  const next = last === undefined ? from : last.offset + 1
  // In a group, the offset of the next poll is unknown, because another consumer may get the partition before it.
  if (next !== undefined && group === 'none') places.set(partition, { next, resumed: undefined })
  const isOfGroup = from === undefined && group === 'joined'
  return { of, partition, messages, from: from ?? before?.next, resumed: before?.resumed, isOfGroup }
}

/**
 * Returns the steps of an operation: a `send` of its key, a `poll` of offsets by key, or a list of both as Jepsen
 * writes it.
 */
function stepsOf(of: Operation): readonly Step[] {
  const { f, key, input, outcome } = of
  const answer = outcome !== 'ok' ? undefined : of.answer === undefined ? misread(of) : of.answer
  const micros = microsOf(input)
  if (f === 'send' && (key !== 'null' || micros === undefined))
    return [
      { partition: partitionOf(JSON.parse(key) ?? ''), message: textOf(input), offset: offsetOf(of, answer ?? null) },
    ]
  if (f === 'poll' && micros === undefined)
    return answer === undefined ? [{ isLost: true }] : polledIn(of, membersOf(of, input), membersOf(of, answer))
  const completion = microsOf(answer ?? null)
  if (micros === undefined || micros.length === 0 || ((answer ?? null) !== null) !== (completion !== undefined))
    return misread(of)
  if (completion !== undefined && completion.length !== micros.length) return misread(of)
  return micros.flatMap(([does, name = null, value = null], n): readonly Step[] => {
    const [did, result, at] = completion?.[n] ?? []
    if (completion !== undefined && isPoll(did) !== isPoll(does)) return misread(of)
    if (isPoll(does))
      return completion === undefined ? [{ isLost: true }] : polledIn(of, new Map(), membersOf(of, result ?? {}))
    const message = textOf(value)
    const step = { partition: partitionOf(name), message, offset: undefined }
    if (at === undefined || textOf(at) === message) return [step]
    const [offset = null, sent = null] = isList(at) ? at : []
    return textOf(sent) === message ? [{ ...step, offset: offsetOf(of, offset) }] : misread(of)
  })
}

const isPoll = (name: Json | undefined): boolean => name === 'poll' || name === ':poll'

function microsOf(json: Json): readonly (readonly Json[])[] | undefined {
  const all = isList(json) ? json.filter(isList) : undefined
  const isMicro = ([name]: readonly Json[]): boolean => isPoll(name) || name === 'send' || name === ':send'
  return isList(json) && all?.length === json.length && all.every(isMicro) ? all : undefined
}

const partitionOf = (key: Json): string => (typeof key === 'string' ? key : textOf(key))

function offsetOf(of: Operation, json: Json): number | undefined {
  return json === null ? undefined : typeof json === 'number' && Number.isSafeInteger(json) ? json : misread(of)
}

const membersOf = (of: Operation, json: Json | undefined): ReadonlyMap<string, Json> =>
  new Map(isObject(json) ? Object.entries(json) : misread(of))

const offsetsIn = (of: Operation, json: Json | undefined): readonly Commit[] =>
  Array.from(membersOf(of, json), ([partition, offset]) => ({
    ...{ of, partition },
    offset: offsetOf(of, offset) ?? misread(of),
  }))

const polledIn = (of: Operation, input: ReadonlyMap<string, Json>, got: ReadonlyMap<string, Json>): readonly Step[] =>
  [...new Set([...input.keys(), ...got.keys()])].map((partition) => {
    const from = input.get(partition) ?? undefined
    const pairs = got.get(partition) ?? []
    if ((from !== undefined && typeof from !== 'number') || !isList(pairs)) return misread(of)
    const messages = pairs.map((pair): At => {
      const [offset = null, message = null] = isList(pair) ? pair : []
      return { offset: offsetOf(of, offset) ?? misread(of), message: textOf(message) }
    })
    return { partition, from, messages }
  })
