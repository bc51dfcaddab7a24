import { FAIL, FLAG_FINAL, foundOrMade, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { firstWhere } from '../search/halving.ts'
import { type Got, offsetsIn, type Polled, type Sent, stepsOf } from './forms.ts'

export interface Send {
  readonly row: OperationRow
  readonly process: number
  readonly partition: string
  /** The message's value as canonical JSON: equal values are one message. */
  readonly message: string
  readonly outcome: 'done' | 'open' | 'failed'
  /** Undefined if the send returned no offset. */
  readonly offset: number | undefined
}

export interface Poll {
  readonly row: OperationRow
  readonly process: number
  readonly partition: string
  /** The offset at which the poll began: the requested offset, or the process's position. */
  readonly from: number | undefined
  /**
   * The earlier poll or assignment that left the process at the position where this poll began. Undefined if the poll
   * requested an offset.
   */
  readonly continues: OperationRow | undefined
  /**
   * Whether `continues` is an assignment that returned an offset. The message at this offset may already have been
   * processed, so the poll may begin after it.
   */
  readonly isResumed: boolean
  /** The subscription through which the group chooses the position of this poll, if any. */
  readonly subscribed: OperationRow | undefined
  readonly messages: readonly Polled[]
  /** Whether the poll was called after all faults were healed and sending had stopped. */
  readonly final: boolean
}

/** A committed offset: all messages up to it were processed. */
interface Commit {
  /**
   * In `commits`: the event position at which the commit was called. In `starts`: the event position of the answer that
   * returned the offset.
   */
  readonly at: number
  readonly row: OperationRow
  readonly partition: string
  readonly offset: number
}

export interface StreamRecord {
  readonly sends: readonly Send[]
  /** Each process's polls are in the order of their completions. */
  readonly polls: readonly Poll[]
  /** Polls with unknown answers. The consumer may have advanced past their messages. */
  readonly lostPolls: readonly OperationRow[]
  readonly commits: readonly Commit[]
  /** The committed offsets that assignments returned to consumers. */
  readonly starts: readonly Commit[]
}

export const functions = ['send', 'poll', 'txn', 'commit_offsets', 'assign', 'subscribe', 'crash'] as const

/** A function of Jepsen's Kafka tests that only leaves a remark for people in the history. */
const REMARK = 'debug-topic-partitions'

export const isKnown = (f: string): boolean => (functions as readonly string[]).includes(f) || f === REMARK

/**
 * Reads a history of partitioned logs. A key is a partition.
 *
 * - `send` (key, value) returns the offset of the message, or null
 * - `poll` `{"k":5}` returns `{"k":[[5,"a"],[8,"b"]]}`: messages from offset 5 on, with their offsets, which may have
 *   gaps. With null as the offset, the poll begins at the position of the process. This is the offset after the last
 *   message that the process polled or, if a later poll returned no message, the offset that this poll requested. After
 *   a poll without an answer, the position is unknown
 * - `send`, `poll` and `txn` may be lists of micro-operations as in Jepsen's tests of Kafka (see `stepsOf`): batches or
 *   transactions
 * - `commit_offsets` `{"k":8}` states that all messages up to offset 8 were processed
 * - `assign` `["k"]` replaces the partitions of a consumer. If `assign` returns the committed offsets, `{"k":8}`, the
 *   consumer continues at offset 8, or after offset 8 if the message there was processed. Partitions without a
 *   committed offset are absent. If `assign` returns the partitions, `["k"]`, the consumer keeps its positions in these
 *   partitions
 * - `subscribe` `["k"]` adds the process to the only group of consumers. The group shares the partitions, and begins
 *   each partition at its committed offset or, without one, at the first message. After `subscribe`, the position of
 *   the process is unknown
 * - `crash` makes the consumer forget its positions
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
        const assignment = isDone ? outputOf(history, row) : null
        const consumer: Consumer = { subscription: undefined, lasts: keptOf(consumers.get(process[row]), assignment) }
        consumers.set(process[row], consumer)
        if (isDone && !Array.isArray(assignment))
          for (const [partition, offset] of offsetsIn(assignment, history, row)) {
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

interface Consumer {
  /** The consumer's subscription, if its group decides where the next poll begins. */
  readonly subscription: { readonly row: OperationRow; readonly isDone: boolean } | undefined
  /** By partition. */
  readonly lasts: Map<string, Last>
}

interface Last {
  readonly row: OperationRow
  /** The offset from which the process polls next. */
  readonly next: number
  /** Whether `next` is a committed offset that an `assign` operation returned. */
  readonly isResumed: boolean
}

function consumerOf(consumers: Map<number, Consumer>, process: number): Consumer {
  return foundOrMade(consumers, process, () => ({ subscription: undefined, lasts: new Map() }))
}

/** Returns the positions that a consumer keeps: its positions in the partitions that the assignment returned. */
function keptOf(consumer: Consumer | undefined, assignment: Json): Map<string, Last> {
  if (consumer === undefined || !Array.isArray(assignment)) return new Map()
  const keys = new Set((assignment as readonly Json[]).map(String))
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
  // Keeps no position within a group, because the group may give the partition to another consumer between two polls.
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

/** A message at an offset, and the operation that shows it. */
export interface Placed {
  readonly offset: number
  readonly message: string
  /** The first acknowledged send that returned this offset, or else the first poll that showed it. */
  readonly row: OperationRow
  readonly acknowledged: boolean
}

export interface Partition extends Pick<StreamRecord, 'lostPolls'> {
  readonly name: string
  readonly sends: readonly Send[]
  readonly polls: readonly Poll[]
  readonly commits: readonly Commit[]
  readonly starts: readonly Commit[]
  /** By offset, ascending: each message that some operation shows there. */
  readonly placed: readonly Placed[]
  /** The polled messages, with their offsets (see `seenAt`). */
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

export const firstAt = (placed: readonly Placed[], offset: number): number =>
  firstWhere(0, placed.length, (at) => placed[at].offset >= offset)

export function grouped<T>(all: readonly T[], by: (each: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const each of all) addTo(groups, by(each), each)
  return groups
}
