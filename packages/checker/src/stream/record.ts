import { FAIL, FLAG_FINAL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { type Got, offsetsIn, type Polled, type Sent, stepsOf } from './forms.ts'

/** A message sent to a partition. */
export interface Send {
  readonly row: OperationRow
  readonly process: number
  readonly partition: string
  /** Its value as canonical JSON: equal values are one message. */
  readonly message: string
  readonly outcome: 'done' | 'open' | 'failed'
  /** Undefined if it was not told. */
  readonly offset: number | undefined
}

/** What a consumer polled of one partition. */
export interface Poll {
  readonly row: OperationRow
  readonly process: number
  readonly partition: string
  /** The offset from which messages were asked for: the requested one, or where the process was. */
  readonly from: number | undefined
  /** The poll or assignment that it continues, if it did not say from where to poll. */
  readonly continues: OperationRow | undefined
  /** Whether that is an assignment, which told an offset: it is done with, or the next one. */
  readonly isResumed: boolean
  /** The subscription since which its group decides where it continues; undefined if it knows that itself. */
  readonly subscribed: OperationRow | undefined
  readonly messages: readonly Polled[]
  /** Invoked after all faults were healed and sending had stopped. */
  readonly final: boolean
}

/** A committed offset: all messages up to it were processed. */
interface Commit {
  /** Event position of its call, or of the answer that tells it. */
  readonly at: number
  readonly row: OperationRow
  readonly partition: string
  readonly offset: number
}

export interface StreamRecord {
  readonly sends: readonly Send[]
  /** In the order of their completions for each process. */
  readonly polls: readonly Poll[]
  /** Those whose answers nobody knows: a consumer may have gone on past what they returned. */
  readonly lostPolls: readonly OperationRow[]
  /** All that may have been done. */
  readonly commits: readonly Commit[]
  /** The committed offsets that consumers were told when they were assigned partitions. */
  readonly starts: readonly Commit[]
}

/** The functions that the model understands. */
export const functions = ['send', 'poll', 'txn', 'commit_offsets', 'assign', 'subscribe', 'crash'] as const

/** What Jepsen's tests of Kafka write into a history only for people. */
const REMARK = 'debug-topic-partitions'

export const isKnown = (f: string): boolean => (functions as readonly string[]).includes(f) || f === REMARK

/**
 * Reads a history of partitioned logs; a key is a partition:
 *
 * - `send` (key, value) returns the offset of the message, or null if it is not told
 * - `poll` `{"k":5}` returns `{"k":[[5,"a"],[8,"b"]]}`: messages from that offset on, with their offsets, which may
 *   have gaps; a null in the place of the offset continues where the process is: after what it polled last, or at the
 *   offset that it asked for in vain. After a poll without an answer nobody knows where it continues
 * - `send`, `poll` and `txn` may be lists of micro-operations as in Jepsen's tests of Kafka (see `stepsOf`): batches,
 *   and transactions
 * - `commit_offsets` `{"k":8}`: all messages up to that offset were processed
 * - `assign` `["k"]` replaces the partitions of a consumer. Where it returns the committed offsets, `{"k":8}`, without
 *   what nobody committed, the consumer goes on at these, or after them if they were processed; where it returns the partitions, it stays where it is in
 *   those that it keeps
 * - `subscribe` `["k"]` joins the one group of consumers, which share out the partitions and begin at what is
 *   committed, or else at the first message: from then on nobody knows where a poll of this process continues
 * - `crash`: the consumer forgets where it is
 *
 * @throws UserError (input) for a history of any other form.
 */
export function readRecord(history: History): StreamRecord {
  const { length, f, outcome, process, callEvent, returnEvent } = history.operations
  const sends: Send[] = []
  const polls: Poll[] = []
  const lostPolls: OperationRow[] = []
  const commits: Commit[] = []
  const starts: Commit[] = []
  const consumers = new Map<number, Consumer>()
  for (let row = 0; row < length; row++) {
    const isDone = outcome[row] === OK
    switch (history.functions[f[row]]) {
      case 'send':
      case 'txn':
      case 'poll':
        for (const step of stepsOf(history, row)) {
          const consumer = consumerOf(consumers, process[row])
          if (step.does === 'send') sends.push(sendOf(history, row, step))
          else if (step.does === 'poll') polls.push(pollOf(history, row, { step, consumer }))
          else {
            lostPolls.push(row)
            consumer.lasts.clear()
          }
        }
        break
      case 'commit_offsets':
        if (outcome[row] !== FAIL)
          for (const [partition, offset] of offsetsIn(inputOf(history, row), history, row))
            commits.push({ at: callEvent[row], row, partition, offset })
        break
      case 'assign': {
        const told = isDone ? outputOf(history, row) : null
        const consumer: Consumer = { subscription: undefined, lasts: keptOf(consumers.get(process[row]), told) }
        consumers.set(process[row], consumer)
        if (isDone && !Array.isArray(told))
          for (const [partition, offset] of offsetsIn(told, history, row)) {
            starts.push({ at: returnEvent[row], row, partition, offset })
            consumer.lasts.set(partition, { row, next: offset, isResumed: true })
          }
        break
      }
      case 'subscribe':
        consumers.set(process[row], { subscription: { row, isDone }, lasts: new Map() })
        break
      case 'crash':
        consumers.delete(process[row])
        break
    }
  }
  return { sends, polls, lostPolls, commits, starts }
}

/** What is known of a process that consumes. */
interface Consumer {
  /** What may have left it to its group where its next poll begins. */
  readonly subscription: { readonly row: OperationRow; readonly isDone: boolean } | undefined
  /** By partition. */
  readonly lasts: Map<string, Last>
}

/** Where a process is in a partition, and since which operation. */
interface Last {
  readonly row: OperationRow
  /** The offset from which it polls next. */
  readonly next: number
  /** Whether it was told the offset by an assignment. */
  readonly isResumed: boolean
}

function consumerOf(consumers: Map<number, Consumer>, process: number): Consumer {
  const known = consumers.get(process)
  if (known !== undefined) return known
  const consumer: Consumer = { subscription: undefined, lasts: new Map() }
  consumers.set(process, consumer)
  return consumer
}

/** Where a consumer still is after an assignment that was answered with its partitions. */
function keptOf(consumer: Consumer | undefined, told: Json): Map<string, Last> {
  if (consumer === undefined || !Array.isArray(told)) return new Map()
  const keys = new Set((told as readonly Json[]).map(String))
  return new Map([...consumer.lasts].filter(([partition]) => keys.has(partition)))
}

function sendOf(history: History, row: OperationRow, { partition, message, offset }: Sent): Send {
  const { outcome, process } = history.operations
  const ended = outcome[row]
  return {
    ...{ row, process: process[row], partition, message, offset },
    outcome: ended === OK ? 'done' : ended === FAIL ? 'failed' : 'open',
  }
}

interface Polling {
  readonly step: Got
  readonly consumer: Consumer
}

function pollOf(history: History, row: OperationRow, { step, consumer }: Polling): Poll {
  const { process, flags } = history.operations
  const { partition, messages } = step
  const { subscription, lasts } = consumer
  const before = lasts.get(partition)
  const last = messages.at(-1)
  const next = last === undefined ? step.from : last.offset + 1
  // Between two polls of a group a partition may have been another consumer's.
  if (next !== undefined && subscription === undefined) lasts.set(partition, { row, next, isResumed: false })
  return {
    ...{ row, process: process[row], partition, messages },
    from: step.from ?? before?.next,
    continues: step.from === undefined ? before?.row : undefined,
    isResumed: step.from === undefined && before?.isResumed === true,
    subscribed: step.from === undefined && subscription?.isDone === true ? subscription.row : undefined,
    final: (flags[row] & FLAG_FINAL) !== 0,
  }
}

/** A message at an offset, and who says so. */
export interface Placed {
  readonly offset: number
  readonly message: string
  /** The first acknowledged send, or else the first poll, that puts it there. */
  readonly row: OperationRow
  /** Whether its send was acknowledged. */
  readonly acknowledged: boolean
}

/** All that is known of one partition. */
export interface Partition extends Pick<StreamRecord, 'lostPolls'> {
  readonly name: string
  readonly sends: readonly Send[]
  readonly polls: readonly Poll[]
  readonly commits: readonly Commit[]
  readonly starts: readonly Commit[]
  /** By offset, ascending; one entry for each message that is said to stand there. */
  readonly placed: readonly Placed[]
  /** The messages that somebody polled, with their offsets (see `seenAt`). */
  readonly seen: ReadonlySet<string>
}

export const seenAt = (offset: number, message: string): string => `${offset} ${message}`

export function partitionsOf({ sends, polls, lostPolls, commits, starts }: StreamRecord): readonly Partition[] {
  const names = new Set([...sends, ...polls, ...commits, ...starts].map(({ partition }) => partition))
  const by = <T extends { readonly partition: string }>(all: readonly T[]) => grouped(all, ({ partition }) => partition)
  const [bySend, byPoll, byCommit, byStart] = [by(sends), by(polls), by(commits), by(starts)]
  return [...names].map((name) => {
    const own = { sends: bySend.get(name) ?? [], polls: byPoll.get(name) ?? [] }
    const seen = new Set(own.polls.flatMap(({ messages }) => messages.map((each) => seenAt(each.offset, each.message))))
    return {
      ...{ name, ...own, commits: byCommit.get(name) ?? [], starts: byStart.get(name) ?? [] },
      ...{ placed: placedBy(own), seen, lostPolls },
    }
  })
}

function placedBy({ sends, polls }: Pick<Partition, 'sends' | 'polls'>): readonly Placed[] {
  const placed = new Map<string, Placed>()
  const place = (each: Placed): void => {
    const name = seenAt(each.offset, each.message)
    if (!placed.has(name)) placed.set(name, each)
  }
  for (const { row, message, offset, outcome } of sends)
    if (outcome === 'done' && offset !== undefined) place({ offset, message, row, acknowledged: true })
  for (const { row, messages } of polls)
    for (const { offset, message } of messages) place({ offset, message, row, acknowledged: false })
  return [...placed.values()].sort((a, b) => a.offset - b.offset)
}

/** The first message with `from` ≤ offset < `to`, if there is one. */
export function firstBetween(placed: readonly Placed[], from: number, to: number): Placed | undefined {
  const found = placed[firstAt(placed, from)]
  return found !== undefined && found.offset < to ? found : undefined
}

/** The index of the first message at or after an offset. */
export function firstAt(placed: readonly Placed[], offset: number): number {
  let [low, high] = [0, placed.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((placed[middle]?.offset ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low
}

export function grouped<T>(all: readonly T[], by: (each: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const each of all) {
    const group = groups.get(by(each))
    if (group === undefined) groups.set(by(each), [each])
    else group.push(each)
  }
  return groups
}
