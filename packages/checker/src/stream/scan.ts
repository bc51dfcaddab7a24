import type { History } from '@chaosproxy/history'
import { addTo, ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Finding, FindingsSink } from '../judge/guarantees.ts'
import type { Budget } from '../limits/budget.ts'
import { who } from '../verdict/words.ts'
import { equalInOrder } from './equal.ts'
import type { Polled } from './forms.ts'
import type { Guarantee } from './guarantees.ts'
import { firstAt, firstBetween, grouped, type Partition, type Placed, type Poll, type Send, seenAt } from './record.ts'

export interface ScanOptions extends FindingsSink<Guarantee> {
  readonly history: History
  readonly partition: Partition
  readonly budget: Budget
  /** Called for each lost acknowledged message. */
  lost(placed: Placed): void
}

export function scanPartition(options: ScanOptions): void {
  agreeing(options)
  once(options)
  sent(options)
  inSendOrder(options)
  equal(options)
  consumed(options)
  resumed(options)
  reached(options)
}

function agreeing({ history, partition, found }: ScanOptions): void {
  const { placed } = partition
  for (let i = 1; i < placed.length; i++) {
    const [one, other] = [placed[i - 1], placed[i]]
    if (one.offset !== other.offset) continue
    const sentence = `Offset ${one.offset} of ${partition.name} holds ${one.message}, ${sourceText(history, one)}, and ${other.message}, ${sourceText(history, other)}.`
    found(finding('consistent-offsets', sentence, [one.row, other.row]))
  }
  const byOffset = new Map<number, Send>()
  for (const send of partition.sends) {
    const { offset, message, row, outcome } = send
    if (outcome !== 'done' || offset === undefined) continue
    const before = byOffset.get(offset)
    if (before === undefined) byOffset.set(offset, send)
    else if (before.message === message) {
      const both = before.process === send.process ? 'twice' : `and so was ${who(history, row)}`
      const sentence = `${who(history, before.row)} was told that ${message} is at offset ${offset} of ${partition.name}, ${both}: two messages have one offset.`
      found(finding('consistent-offsets', sentence, [before.row, row]))
    }
  }
}

/** Checks that no message has more offsets than sends. */
function once({ history, partition, found }: ScanOptions): void {
  const attempts = grouped(
    partition.sends.filter(({ outcome }) => outcome !== 'failed'),
    ({ message }) => message,
  )
  for (const [message, places] of grouped(partition.placed, (each) => each.message)) {
    const sends = attempts.get(message) ?? []
    const most = sends.filter(({ offset }) => offset === undefined).length
    const seen = places.filter(({ acknowledged }) => !acknowledged)
    const extra = seen[most]
    if (sends.length === 0 || extra === undefined) continue
    const times = sends.length === 1 ? 'once' : `${sends.length} times`
    const offsets = places.map(({ offset }) => offset).join(' and ')
    const sentence = `${message} was sent to ${partition.name} ${times}, but is at the offsets ${offsets}: ${who(history, extra.row)} polled it at offset ${extra.offset}.`
    const core = [...sends.map(({ row }) => row), ...seen.slice(0, most + 1).map(({ row }) => row)]
    found(finding('no-duplicates', sentence, core))
  }
}

/** Checks that every polled message was sent before, by a send that did not fail. */
function sent(options: ScanOptions): void {
  const { history, partition, unsure } = options
  const { name, placed, polls } = partition
  const bySends = grouped(partition.sends, ({ message }) => message)
  const calls = callsOf(history, partition)
  const first = placed.find(({ acknowledged }) => acknowledged)
  const early = new Map<string, Seen>()
  for (const { row, messages } of polls) {
    const end = history.operations.returnEvent[row]
    for (const { offset, message } of messages) {
      const at = seenAt(offset, message)
      const call = calls.byOffset.get(at)
      const seen = { row, offset, message, end }
      if (call !== undefined) {
        if (call > end && end < (early.get(at)?.end ?? Number.POSITIVE_INFINITY)) early.set(at, seen)
        continue
      }
      // The message was sent before the poll ended, so it was not invented. If its offset is wrong, another guarantee
      // is broken.
      if ((calls.first.get(message) ?? Number.POSITIVE_INFINITY) < end) continue
      const sends = bySends.get(message) ?? []
      const isFailed = sends.length > 0 && sends.every(({ outcome }) => outcome === 'failed')
      if (!isFailed && (first === undefined || offset < first.offset)) {
        const since = sends.length === 0 ? 'is recorded' : 'had begun'
        const why = `${message} was polled from ${name}, although no send of this message ${since}; it may have been sent before the record began`
        unsure('no-aborted-reads', why)
      } else
        unsent(
          options,
          seen,
          isFailed ? 'its send was reported as failed' : sends.length > 0 ? LATER : 'nobody had sent it',
        )
    }
  }
  // For each message in `early`, the poll returned before any send that returned its offset was called. Another send of
  // the same message may explain the poll, if this send was called before the poll returned, and returned no offset.
  // Each such send explains one poll.
  for (const [message, all] of grouped([...early.values()], (each) => each.message)) {
    const withoutOffset = (calls.withoutOffset.get(message) ?? []).toSorted((a, b) => a - b)
    let used = 0
    for (const seen of all.toSorted((a, b) => a.end - b.end))
      if ((withoutOffset[used] ?? Number.POSITIVE_INFINITY) < seen.end) used++
      else unsent(options, seen, LATER)
  }
}

const LATER = 'it was sent only later'

/** A polled message, and the event position at which its poll returned. */
interface Seen extends Polled {
  readonly row: OperationRow
  readonly end: number
}

function unsent({ history, partition, found }: ScanOptions, { row, offset, message }: Seen, why: string): void {
  const sends = partition.sends.filter((send) => send.message === message).map((send) => send.row)
  const sentence = `${who(history, row)} polled ${message} from ${partition.name} at offset ${offset}, but ${why}.`
  found(finding('no-aborted-reads', sentence, [row], sends))
}

interface Calls {
  /** By offset (see `seenAt`): the earliest call of a send that returned it. */
  readonly byOffset: ReadonlyMap<string, number>
  /**
   * By message, as event positions: the calls of all its sends that returned no offset (`withoutOffset`), and the call
   * of its first send (`first`). Failed sends are omitted.
   */
  readonly withoutOffset: ReadonlyMap<string, readonly number[]>
  readonly first: ReadonlyMap<string, number>
}

function callsOf({ operations }: History, { sends }: Partition): Calls {
  const byOffset = new Map<string, number>()
  const withoutOffset = new Map<string, number[]>()
  const first = new Map<string, number>()
  const least = (calls: Map<string, number>, name: string, call: number): void => {
    calls.set(name, Math.min(calls.get(name) ?? Number.POSITIVE_INFINITY, call))
  }
  for (const { row, message, offset, outcome } of sends) {
    if (outcome === 'failed') continue
    const call = operations.callEvent[row]
    least(first, message, call)
    if (offset === undefined) addTo(withoutOffset, message, call)
    else least(byOffset, seenAt(offset, message), call)
  }
  return { byOffset, withoutOffset, first }
}

function inSendOrder({ history, partition, found }: ScanOptions): void {
  const placeOf = placesOfSends(partition)
  /**
   * By producer: its acknowledged message with the highest offset. `batch`: the message with the highest offset in the
   * producer's current batch.
   */
  const done = new Map<number, SendAt>()
  const batch = new Map<number, SendAt>()
  for (const send of partition.sends) {
    const at = placeOf(send)
    if (at === undefined) continue
    const { process, row } = send
    const ofBatch = batch.get(process)
    const mates = ofBatch?.send.row === row ? ofBatch : undefined
    // An unacknowledged message may be stored late, after messages that were sent later. So a message is compared only
    // with earlier messages of its own batch and with acknowledged messages.
    for (const before of [mates, done.get(process)]) {
      if (before === undefined || at.offset > before.offset) continue
      const sentence = `${who(history, row)} sent ${before.send.message} to ${partition.name} at offset ${before.offset} and then ${send.message}, which got the offset ${at.offset}.`
      found(finding('monotonic-sends', sentence, [...before.rows, ...at.rows]))
    }
    batch.set(process, higher(mates, at))
    if (send.outcome === 'done') done.set(process, higher(done.get(process), at))
  }
}

const higher = (one: SendAt | undefined, other: SendAt): SendAt =>
  one !== undefined && one.offset > other.offset ? one : other

/** A send whose message has a known offset, and the operations that show this offset. */
interface SendAt {
  readonly send: Send
  readonly offset: number
  readonly rows: readonly OperationRow[]
}

/**
 * Finds the offset of a send's message. If the send returned no offset, a polled offset counts, but only if no other
 * send could explain it.
 */
function placesOfSends({ sends, placed }: Partition): (send: Send) => SendAt | undefined {
  const attempts = grouped(
    sends.filter(({ outcome, offset }) => outcome !== 'failed' && offset === undefined),
    ({ message }) => message,
  )
  const places = grouped(
    placed.filter(({ acknowledged }) => !acknowledged),
    ({ message }) => message,
  )
  return (send) => {
    const { row, message, outcome, offset } = send
    if (offset !== undefined) return { send, offset, rows: [row] }
    const [place, other] = places.get(message) ?? []
    if (outcome === 'failed' || place === undefined || other !== undefined) return undefined
    return attempts.get(message)?.length === 1 ? { send, offset: place.offset, rows: [row, place.row] } : undefined
  }
}

/** Checks that some assignment of offsets to the sends of equal messages keeps every producer's messages in order. */
function equal({ history, partition, budget, found, unsure }: ScanOptions): void {
  const answer = equalInOrder(partition, budget)
  if (answer.result === 'met') return
  const { message } = answer
  const sent = `${message} was sent to ${partition.name} more than once, and no answer tells which of these messages is at which offset`
  if (answer.result === 'unknown') {
    unsure('monotonic-sends', `${sent}. Give each message an id of its own`)
    return
  }
  const [last = 0] = answer.rows.slice(-1)
  const sentence = `${sent}. Every assignment of these messages to offsets changes the order of some producer's messages. The last operation that shows this is by ${who(history, last)}.`
  found(finding('monotonic-sends', sentence, answer.rows))
}

/**
 * Checks that a consumer's offsets increase and that it skips no message. A skipped message that nobody polled is lost.
 */
function consumed(options: ScanOptions): void {
  const { history, partition, found, lost } = options
  const { name, placed, polls, seen } = partition
  const unseen = placed.filter(({ offset, message }) => !seen.has(seenAt(offset, message)))
  const reported = new Set<Placed>()
  for (const poll of polls) {
    const by = who(history, poll.row)
    let next = fromOf(options, poll)
    const before = poll.continues === undefined ? [] : [poll.continues]
    poll.messages.forEach(({ offset, message }, i) => {
      const rows = [...(i === 0 ? before : []), poll.row]
      const after = i === 0 ? (poll.isResumed ? 'though it had to resume at' : 'asked from') : 'after'
      const least = i === 0 ? poll.from : next
      if (least !== undefined && offset < least) {
        const sentence = `${by} polled ${name} and got ${message} at offset ${offset}, ${after} offset ${i === 0 ? least : least - 1}.`
        found(finding('monotonic-polls', sentence, rows))
      } else if (next !== undefined) {
        const passed = firstBetween(placed, next, offset)
        const over = `${by} skipped this message: from offset ${next} on, ${by} first got ${message} at offset ${offset}`
        if (passed !== undefined)
          found(finding('no-skips', `${there(history, name, passed)}, and ${over}.`, [passed.row, ...rows]))
        for (let at = firstAt(unseen, next); ; at++) {
          const missed = unseen[at]
          if (missed === undefined || missed.offset >= offset) break
          if (reported.has(missed)) continue
          reported.add(missed)
          lost(missed)
          const sentence = `${there(history, name, missed)}, and nobody ever polled it. ${over}.`
          found(finding('no-lost-writes', sentence, [missed.row, ...rows]))
        }
      }
      next = offset + 1
    })
  }
  passedByGroup(
    options,
    unseen.filter((each) => !reported.has(each)),
  )
}

/** Returns the first offset that a poll must not skip. After a resumption, it may skip processed messages. */
function fromOf(
  { history, partition: { commits } }: Pick<ScanOptions, 'history' | 'partition'>,
  poll: Poll,
): number | undefined {
  const { from, continues, isResumed } = poll
  if (from === undefined || continues === undefined || !isResumed) return from
  const end = history.operations.returnEvent[continues]
  return commits.some(({ at, offset }) => offset >= from && at < end) ? from + 1 : from
}

/** Checks that the group of subscribed consumers skips no message: one of them must poll it. */
function passedByGroup({ history, partition, found, unsure, lost }: ScanOptions, unseen: readonly Placed[]): void {
  const { name, polls, lostPolls, commits } = partition
  const ofGroup = polls
    .flatMap(({ row, process, subscribed, messages }) =>
      subscribed === undefined ? [] : messages.map(({ offset }) => ({ row, process, subscribed, offset })),
    )
    .sort((a, b) => a.offset - b.offset)
  const [first, last] = [ofGroup.at(0), ofGroup.at(-1)]
  if (first === undefined || last === undefined) return
  for (const missed of unseen) {
    if (missed.offset >= last.offset) continue
    const isOpen = missed.offset <= first.offset || commits.some(({ offset }) => offset >= missed.offset)
    if (isOpen || lostPolls.length > 0) {
      const where = `at offset ${missed.offset} of ${name}, and no poll with a known answer returned it`
      unsure(
        'no-lost-writes',
        `${missed.message} was acknowledged ${where}, though consumers have polled later offsets`,
      )
      continue
    }
    lost(missed)
    const over = `Subscribed consumers skipped this message: ${who(history, first.row)} polled offset ${first.offset}, and ${who(history, last.row)} offset ${last.offset}`
    const sentence = `${there(history, name, missed)}, and nobody ever polled it. ${over}.`
    const subscribed = [first.subscribed, last.subscribed]
    // If a single consumer polled both `first` and `last`, the proof needs no subscriptions.
    const isOne = first.process === last.process
    const core = [...(isOne ? [] : subscribed), missed.row, first.row, last.row]
    found(finding('no-lost-writes', sentence, core, isOne ? subscribed : []))
  }
}

/** Checks that no consumer, when it resumes, skips a message above the highest committed offset. */
function resumed({ history, partition, found }: ScanOptions): void {
  const { name, placed, commits, starts } = partition
  const inTime = commits.toSorted((a, b) => a.at - b.at)
  let highest = Number.NEGATIVE_INFINITY
  let i = 0
  for (const start of starts.toSorted((a, b) => a.at - b.at)) {
    for (let commit = inTime[i]; commit !== undefined && commit.at < start.at; commit = inTime[++i])
      highest = Math.max(highest, commit.offset)
    const passed = firstBetween(placed, highest + 1, start.offset)
    if (passed === undefined) continue
    const committed =
      highest === Number.NEGATIVE_INFINITY
        ? 'nobody had committed an offset'
        : `${highest} was the highest offset that was committed`
    const sentence = `${who(history, start.row)} was told to go on with ${name} from offset ${start.offset}, but ${committed}: this start skips ${passed.message} at offset ${passed.offset}.`
    found(finding('committed-starts', sentence, [passed.row, start.row]))
  }
}

/**
 * If a process polls the end of the log this many times in vain, a missing message no longer counts as late. Every
 * replica should have it by then.
 */
const ENOUGH_IN_VAIN = 5

/** Checks that no message lies beyond the end of the log that consumers found after all faults were healed. */
function reached({ history, partition, found, unsure }: ScanOptions): void {
  const { name, placed, seen, sends } = partition
  const ends = endsOf(partition.polls.map((poll) => ({ ...poll, from: fromOf({ history, partition }, poll) })))
  const { callEvent, returnEvent } = history.operations
  // A send without an answer may have taken effect after the poll.
  const wasThere = ({ row }: Placed, { first }: End): boolean =>
    returnEvent[row] >= 0 && returnEvent[row] < callEvent[first]
  for (const end of ends) {
    const { from, rows } = end
    const missed = placed.slice(firstAt(placed, from)).find((each) => wasThere(each, end))
    if (missed === undefined) continue
    const [last = missed.row] = rows.slice(-1)
    const sentence = `${there(history, name, missed)}, but after everything was healed, ${who(history, last)} polled ${ENOUGH_IN_VAIN} times from offset ${from} and got no message.`
    found(finding('no-unseen', sentence, [missed.row, ...rows]))
  }
  const open = placed.find(
    (each) =>
      !seen.has(seenAt(each.offset, each.message)) &&
      !ends.some((end) => end.from <= each.offset && wasThere(each, end)),
  )
  // No consumer reached the message, so it may be lost or unseen.
  if (open !== undefined)
    for (const guarantee of ['no-lost-writes', 'no-unseen'] as const)
      unsure(
        guarantee,
        `message ${open.message} of ${name} was acknowledged, and nobody polled up to it after everything was healed`,
      )
  const unplaced = firstUnplaced(sends, placed)
  if (unplaced === undefined) return
  for (const guarantee of ['no-lost-writes', 'no-unseen'] as const)
    unsure(
      guarantee,
      `message ${unplaced.message} was acknowledged in ${name} without its offset, and nobody polled it`,
    )
}

/**
 * Returns the first acknowledged send whose message has no known offset: the send returned no offset, and no poll
 * showed the message at an offset that is left for this send. An offset is not left if a send returned it, or if it
 * belongs to an earlier send of an equal message.
 */
function firstUnplaced(sends: readonly Send[], placed: readonly Placed[]): Send | undefined {
  const withoutOffset = sends.filter(({ outcome, offset }) => outcome === 'done' && offset === undefined)
  const left = new Map<string, number>()
  for (const { message, acknowledged } of placed) if (!acknowledged) left.set(message, (left.get(message) ?? 0) + 1)
  return withoutOffset.find(({ message }) => {
    const places = left.get(message) ?? 0
    left.set(message, places - 1)
    return places === 0
  })
}

/** The offset at which a consumer found no further message, and the polls that show it. */
interface End {
  readonly from: number
  readonly first: OperationRow
  readonly rows: readonly OperationRow[]
}

/**
 * Returns the ends of the log that processes reached. A process reached the end if the last `ENOUGH_IN_VAIN` of its
 * final polls (see `Poll`) began at the same offset and returned no message.
 */
function endsOf(polls: readonly Poll[]): readonly End[] {
  const finals = grouped(
    polls.filter(({ final }) => final),
    ({ process }) => String(process),
  )
  return [...finals.values()].flatMap((own): readonly End[] => {
    const last = own.slice(-ENOUGH_IN_VAIN)
    const [{ from, row: first }] = last
    const isVain = last.every((poll) => poll.messages.length === 0 && poll.from === from)
    return from === undefined || last.length < ENOUGH_IN_VAIN || !isVain
      ? []
      : [{ from, first, rows: last.flatMap(({ row, continues = row }) => [continues, row]) }]
  })
}

function finding(
  guarantee: Guarantee,
  sentence: string,
  rows: readonly OperationRow[],
  context: readonly OperationRow[] = [],
): Finding<Guarantee> {
  const core = ascending(rows)
  return { guarantee, sentence, core, context: [...new Set(context)], culprit: rows.at(-1) ?? 0 }
}

const sourceText = (history: History, { row, acknowledged }: Placed): string =>
  acknowledged ? `as ${who(history, row)}'s send was told` : `as ${who(history, row)} polled it`

const there = (history: History, name: string, { offset, message, row, acknowledged }: Placed): string =>
  `${message} was at offset ${offset} of ${name} (${acknowledged ? `sent by ${who(history, row)}, and acknowledged` : `polled by ${who(history, row)}`})`
