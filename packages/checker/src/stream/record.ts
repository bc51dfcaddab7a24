import {
  canonical,
  FAIL,
  FLAG_FINAL,
  type History,
  inputOf,
  isObject,
  type Json,
  OK,
  outputOf,
  UserError,
} from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'

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

export interface Polled {
  readonly offset: number
  readonly message: string
}

/** What a consumer polled of one partition. */
export interface Poll {
  readonly row: OperationRow
  readonly process: number
  readonly partition: string
  /** The offset from which messages were asked for: the requested one, or the one after the last poll's. */
  readonly from: number | undefined
  /** The poll that it continues, if it did not say from where to poll. */
  readonly continues: OperationRow | undefined
  readonly messages: readonly Polled[]
  /** Invoked after all faults were healed and sending had stopped. */
  readonly final: boolean
}

/** A committed offset: all messages up to it were processed. */
export interface Commit {
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
  /** All that may have been done. */
  readonly commits: readonly Commit[]
  /** The committed offsets that consumers were told when they were assigned partitions. */
  readonly starts: readonly Commit[]
}

/** The functions that the model understands. */
export const functions = ['send', 'poll', 'commit_offsets', 'assign'] as const

/**
 * Reads a history of partitioned logs; a key is a partition:
 *
 * - `send` (key, value) returns the offset of the message, or null if it is not told
 * - `poll` `{"k":5}` returns `{"k":[[5,"a"],[8,"b"]]}`: messages from that offset on, with their offsets, which may have
 *   gaps; a null in the place of the offset continues after the process's last poll. After an `assign`, or a poll
 *   without an answer, nobody knows where it continues
 * - `commit_offsets` `{"k":8}`: all messages up to that offset were processed
 * - `assign` `["k"]` returns the committed offsets, `{"k":8}`, after which the consumer goes on; without what nobody
 *   committed
 *
 * @throws UserError (input) for a history of any other form.
 */
export function readRecord(history: History): StreamRecord {
  const { length, f, outcome, process, callEvent, returnEvent } = history.operations
  const sends: Send[] = []
  const polls: Poll[] = []
  const commits: Commit[] = []
  const starts: Commit[] = []
  const lasts = new Map<number, Map<string, Last>>()
  for (let row = 0; row < length; row++) {
    const isDone = outcome[row] === OK
    switch (history.functions[f[row]]) {
      case 'send':
        sends.push(sendOf(history, row))
        break
      case 'poll':
        if (isDone) polls.push(...pollsOf(history, row, lasts))
        else lasts.delete(process[row])
        break
      case 'commit_offsets':
        if (outcome[row] !== FAIL)
          for (const [partition, offset] of offsetsIn(inputOf(history, row), history, row))
            commits.push({ at: callEvent[row], row, partition, offset })
        break
      case 'assign':
        lasts.delete(process[row])
        if (isDone)
          for (const [partition, offset] of offsetsIn(outputOf(history, row), history, row))
            starts.push({ at: returnEvent[row], row, partition, offset })
        break
    }
  }
  return { sends, polls, commits, starts }
}

function sendOf(history: History, row: OperationRow): Send {
  const { outcome, key, process } = history.operations
  const ended = outcome[row]
  const answer = ended === OK ? outputOf(history, row) : null
  if (answer !== null && !Number.isSafeInteger(answer)) throw bad(history, row, 'it ends with an offset or null')
  return {
    row,
    process: process[row],
    partition: history.keys[key[row]] ?? '',
    message: canonical(inputOf(history, row)),
    outcome: ended === OK ? 'done' : ended === FAIL ? 'failed' : 'open',
    offset: typeof answer === 'number' ? answer : undefined,
  }
}

/** The last offset that a process polled of a partition. */
interface Last {
  readonly row: OperationRow
  readonly offset: number
}

function pollsOf(history: History, row: OperationRow, byProcess: Map<number, Map<string, Last>>): Poll[] {
  const { process: processes, flags } = history.operations
  const asked = objectIn(inputOf(history, row), history, row)
  const told = objectIn(outputOf(history, row), history, row)
  const process = processes[row]
  const lasts = byProcess.get(process) ?? new Map<string, Last>()
  byProcess.set(process, lasts)
  return [...new Set([...Object.keys(asked), ...Object.keys(told)])].map((partition) => {
    const before = lasts.get(partition)
    const from = asked[partition] ?? (before && before.offset + 1)
    if (from !== undefined && typeof from !== 'number')
      throw bad(history, row, `"${partition}" is asked from no offset`)
    const messages = messagesIn(told[partition] ?? [], history, row)
    const last = messages.at(-1)
    if (last !== undefined) lasts.set(partition, { row, offset: last.offset })
    const continues = isOffset(asked[partition]) ? undefined : before?.row
    return { row, process, partition, from, continues, messages, final: (flags[row] & FLAG_FINAL) !== 0 }
  })
}

function messagesIn(pairs: Json, history: History, row: OperationRow): Polled[] {
  if (!Array.isArray(pairs)) throw bad(history, row, PAIRS)
  return (pairs as readonly Json[]).map((pair) => {
    const [offset, message = null] = Array.isArray(pair) ? (pair as readonly Json[]) : []
    if (!isOffset(offset)) throw bad(history, row, PAIRS)
    return { offset, message: canonical(message) }
  })
}

const PAIRS = 'it ends with lists of pairs by key, each an offset and a message'

const isOffset = (json: Json | undefined): json is number => typeof json === 'number' && Number.isSafeInteger(json)

function offsetsIn(json: Json, history: History, row: OperationRow): [string, number][] {
  return Object.entries(objectIn(json, history, row)).map(([partition, offset]) => {
    if (!isOffset(offset)) throw bad(history, row, 'its offsets are whole numbers by key')
    return [partition, offset]
  })
}

function objectIn(json: Json, history: History, row: OperationRow): { readonly [member: string]: Json } {
  if (isObject(json)) return json as { readonly [member: string]: Json }
  throw bad(history, row, `not an object: ${JSON.stringify(json)}`)
}

function bad(history: History, row: OperationRow, why: string): UserError {
  const { callLine, f } = history.operations
  const line = callLine[row] === 0 ? '' : `line ${callLine[row]}: `
  return new UserError('input', `${line}${history.functions[f[row]]}: ${why}.`)
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
export interface Partition {
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

export function partitionsOf({ sends, polls, commits, starts }: StreamRecord): readonly Partition[] {
  const names = new Set([...sends, ...polls, ...commits, ...starts].map(({ partition }) => partition))
  const by = <T extends { readonly partition: string }>(all: readonly T[]) => grouped(all, ({ partition }) => partition)
  const [bySend, byPoll, byCommit, byStart] = [by(sends), by(polls), by(commits), by(starts)]
  return [...names].map((name) => {
    const own = { sends: bySend.get(name) ?? [], polls: byPoll.get(name) ?? [] }
    const seen = new Set(own.polls.flatMap(({ messages }) => messages.map((each) => seenAt(each.offset, each.message))))
    return {
      ...{ name, ...own, commits: byCommit.get(name) ?? [], starts: byStart.get(name) ?? [] },
      ...{ placed: placedBy(own), seen },
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
