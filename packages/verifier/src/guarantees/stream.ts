import type { Operation } from '../history.ts'
import { Undecided } from '../proof.ts'
import { type GuaranteeModel, grouped, groupsOf, levelsOf, placeFrom } from './patterns.ts'
import { type At, nameOf, type Partition, type Placed, type Poll, partitionsOf, type Send } from './stream-record.ts'

// This file judges partitioned logs with producers, consumers and committed offsets. The guarantees forbid the
// anomalies of Jepsen's tests of Kafka and Redpanda (jepsen.tests.kafka). The names in parentheses below are Jepsen's.

const ENOUGH_IN_VAIN = 5
const UNKNOWN = Number.NEGATIVE_INFINITY

type IsIn = (operation: Operation) => boolean

/** By guarantee: whether operations of a core violate it. */
const patterns: { readonly [guarantee: string]: (partition: Partition, isIn: IsIn) => boolean } = {
  /** Broken if two messages have the same offset, or two sends returned it (inconsistent-offsets). */
  'consistent-offsets': ({ placed }, isIn) =>
    groupsOf(placed, ({ offset }) => `${offset}`).some((all) => {
      const there = all.filter(({ of }) => isIn(of))
      return new Set(there.map(({ message }) => message)).size > 1 || there.filter((each) => each.isSent).length > 1
    }),
  /** Broken if a message has more offsets than sends (duplicate). */
  'no-duplicates': ({ placed, sent, attempts }, isIn) =>
    [...grouped(placed, ({ message }) => message)].some(([message, all]) => {
      const own = attempts.get(message) ?? []
      const seen = new Set(all.filter((each) => isIn(each.of) && !sent.has(nameOf(each))).map(({ offset }) => offset))
      return own.length > 0 && seen.size > unplaced(attempts, message).length
    }),
  /** Broken if a polled message was not sent before, or if all its sends failed (G1a). */
  'no-aborted-reads': (partition, isIn) => sourceless(partition).some(({ of, why }) => why === 'unsent' && isIn(of)),
  /** Broken if the offsets of a producer's messages do not increase (nonmonotonic-send). */
  'monotonic-sends': (partition, isIn) =>
    groupsOf(partition.sends, ({ of }) => of.process).some((own) => {
      /**
       * `done` is the highest offset so far of an acknowledged message. `batch` is the highest offset so far of the
       * current operation.
       */
      let [done, batch, last] = [UNKNOWN, UNKNOWN, own[0]]
      return own.some((send) => {
        const offset = isIn(send.of) ? placeOf(partition, send) : undefined
        if (offset === undefined) return false
        if (last?.of !== send.of) batch = UNKNOWN
        if (offset <= Math.max(done, batch)) return true
        ;[batch, last] = [offset, send]
        if (send.of.outcome === 'ok') done = offset
        return false
      })
    }),
  /** Broken if a consumer receives an offset below its position (nonmonotonic-poll, int-nonmonotonic-poll). */
  'monotonic-polls': ({ polls }, isIn) =>
    polls.some(
      ({ of, from = UNKNOWN, messages }) =>
        isIn(of) && messages.some(({ offset }, n) => offset < (n === 0 ? from : (messages[n - 1]?.offset ?? 0) + 1)),
    ),
  /** Broken if a consumer skips an offset that holds a message (poll-skip, int-poll-skip). */
  'no-skips': (partition, isIn) => {
    const offsets = offsetsOf(partition.placed.filter(({ of }) => isIn(of)))
    return partition.polls.some(
      (poll) => isIn(poll.of) && passedBy(partition, poll).some(([from, to]) => (firstOf(offsets, from) ?? to) < to),
    )
  },
  /** Broken if a consumer, or a whole group, skips an acknowledged message that no poll ever returns (lost-write). */
  'no-lost-writes': (partition, isIn) => {
    const unseen = unseenOf(partition).filter(({ of }) => isIn(of))
    const offsets = offsetsOf(unseen)
    const polls = partition.polls.filter(({ of }) => isIn(of))
    const ofGroup = offsetsOf(polls.filter((each) => each.isOfGroup).flatMap(({ messages }) => messages))
    const [first = 0, last = first] = [ofGroup[0], ofGroup.at(-1)]
    return (
      polls.some((poll) => passedBy(partition, poll).some(([from, to]) => (firstOf(offsets, from) ?? to) < to)) ||
      unseen.some(({ offset }) => first < offset && offset < last && !mayBeDone(offset, partition))
    )
  },
  /** Broken if a consumer resumes beyond a message that was not committed. */
  'committed-starts': ({ starts, commits, placed }, isIn) => {
    const offsets = offsetsOf(placed.filter(({ of }) => isIn(of)))
    return starts.some(({ of, offset }) => {
      const before = commits.filter((commit) => commit.of.line < of.return)
      const highest = before.reduce((most, commit) => Math.max(most, commit.offset), UNKNOWN)
      return isIn(of) && (firstOf(offsets, highest + 1) ?? offset) < offset
    })
  },
  /** Broken if a process's last polls after healing are empty, but a message was at or after their offset (unseen). */
  'no-unseen': (partition, isIn) => {
    const own = partition.placed.filter(({ of }) => isIn(of))
    return endsOf(partition).some(
      (end) => end.polls.every(({ of }) => isIn(of)) && own.some((each) => wasThere(each, end)),
    )
  },
}

const offsetsOf = (all: readonly At[]): readonly number[] => all.map(({ offset }) => offset).sort((a, b) => a - b)

const firstOf = (ascending: readonly number[], from: number): number | undefined =>
  ascending[placeFrom(ascending, from)]

const unseenOf = ({ placed, polled }: Partition): readonly Placed[] =>
  placed.filter((each) => !polled.has(nameOf(each)))

/** Returns the polled messages that no send explains. `older`: the message may be older than the record. */
function sourceless({ polls, sends, sent, placed, attempts }: Partition): { of: Operation; why: 'unsent' | 'older' }[] {
  const [firstSent = Number.POSITIVE_INFINITY] = offsetsOf(placed.filter((each) => each.isSent))
  const early = new Map<string, { readonly of: Operation; readonly message: string }>()
  const found = polls.flatMap(({ of, messages }) =>
    messages.flatMap((at): { of: Operation; why: 'unsent' | 'older' }[] => {
      const { offset, message } = at
      const send = sent.get(nameOf(at))
      if (send !== undefined) {
        if (send.line > of.return && of.return < (early.get(nameOf(at))?.of.return ?? of.return + 1))
          early.set(nameOf(at), { of, message })
        return []
      }
      const own = attempts.get(message) ?? []
      if (own.some((attempt) => attempt.of.line < of.return)) return []
      const isFailed = own.length === 0 && sends.some((each) => each.message === message)
      return [{ of, why: isFailed || offset >= firstSent ? 'unsent' : 'older' }]
    }),
  )
  // Each poll in `early` showed a message, and ended before the send that returned the message's offset was called. An
  // earlier send of an equal message, whose offset is unknown, may explain such a poll.
  for (const [message, all] of grouped([...early.values()], (each) => each.message)) {
    const open = unplaced(attempts, message)
    let used = 0
    for (const { of } of all.toSorted((a, b) => a.of.return - b.of.return))
      if ((open[used]?.of.line ?? of.return) < of.return) used++
      else found.push({ of, why: 'unsent' })
  }
  return found
}

/**
 * Returns the offset of a send. If the send returned none, this is the polled offset that only this send can explain.
 */
function placeOf({ seen, attempts }: Partition, { of, message, offset }: Send): number | undefined {
  if (offset !== undefined || of.outcome === 'fail') return offset
  const places = seen.get(message) ?? new Set()
  return unplaced(attempts, message).length === 1 && places.size === 1 ? [...places][0] : undefined
}

/** Returns the sends of a message that may have succeeded but returned no offset. */
const unplaced = (attempts: Partition['attempts'], message: string): readonly Send[] =>
  (attempts.get(message) ?? []).filter(({ offset }) => offset === undefined)

/**
 * Returns the offset from which a poll must return messages: `from`, or `from + 1` if the message at `from` was
 * committed before the consumer resumed.
 */
const beginOf = ({ commits }: Partition, { from, resumed }: Poll): number | undefined =>
  from !== undefined &&
  resumed !== undefined &&
  commits.some(({ of, offset }) => of.line < resumed.return && offset >= from)
    ? from + 1
    : from

/**
 * Returns the ranges of offsets that a poll skipped. A range contains `from` but not `to`, and is empty if they are
 * equal.
 */
const passedBy = (partition: Partition, poll: Poll): readonly (readonly [from: number, to: number])[] =>
  poll.messages.map(({ offset }, n) => [
    n === 0 ? (beginOf(partition, poll) ?? offset) : (poll.messages[n - 1]?.offset ?? offset) + 1,
    offset,
  ])

/** Returns whether a consumer of the group may have received this message in a poll that the history does not show. */
const mayBeDone = (offset: number, { commits, isPollLost }: Partition): boolean =>
  isPollLost || commits.some((commit) => commit.offset >= offset)

interface End {
  readonly from: number
  /** In vain. */
  readonly polls: readonly Poll[]
}

/**
 * Returns whether the empty polls of `end` should have returned a message: it is at or after the offset at which they
 * began, and a send or poll of it had returned before the first of these polls was called.
 */
const wasThere = ({ of, offset }: Placed, { from, polls: [first] }: End): boolean =>
  offset >= from && first !== undefined && of.return < first.of.line

/** Returns the offsets at which processes reached the end of the partition, shown by empty final polls. */
const endsOf = (partition: Partition): readonly End[] =>
  groupsOf(partition.polls, ({ of }) => of.process).flatMap((own) => {
    const polls = own.filter(({ of }) => of.isFinal).slice(-ENOUGH_IN_VAIN)
    const [from, ...others] = polls.map((poll) => (poll.messages.length === 0 ? beginOf(partition, poll) : undefined))
    const isEnd = others.length === ENOUGH_IN_VAIN - 1 && others.every((each) => each === from)
    return from !== undefined && isEnd ? [{ from, polls }] : []
  })

function whyOpen(guarantee: string, partition: Partition): string | undefined {
  switch (guarantee) {
    case 'no-aborted-reads':
      return sourceless(partition).length > 0 ? 'a polled message may be older than the history' : undefined
    case 'monotonic-sends':
      return areEqual(partition) ? EQUAL : undefined
    case 'no-lost-writes':
    case 'no-unseen': {
      const ends = endsOf(partition)
      const unseen = unseenOf(partition)
      const ofGroup = partition.polls.filter((each) => each.isOfGroup).flatMap(({ messages }) => messages)
      const last = offsetsOf(ofGroup).at(-1) ?? UNKNOWN
      if (guarantee === 'no-lost-writes' && unseen.some(({ offset }) => offset < last))
        return 'consumers have polled beyond a message that nobody is known to have polled'
      if (unseen.some((each) => !ends.some((end) => wasThere(each, end))))
        return 'after everything was healed, nobody polled far enough to see an acknowledged message'
      return isUnplaced(partition) ? 'a message was acknowledged without its offset, and nobody polled it' : undefined
    }
    default:
      return undefined
  }
}

const EQUAL = 'the verifier does not tell equal messages apart'

const areEqual = ({ seen, attempts }: Partition): boolean =>
  [...seen.keys()].some((message) => unplaced(attempts, message).length > 1)

/**
 * Returns whether an acknowledged send has an unknown offset: a message has more acknowledged sends without an offset
 * than offsets that only polls show.
 */
const isUnplaced = ({ attempts, seen }: Partition): boolean =>
  [...attempts.keys()].some((message) => {
    const done = unplaced(attempts, message).filter(({ of }) => of.outcome === 'ok')
    return done.length > (seen.get(message)?.size ?? 0)
  })

export const stream: GuaranteeModel = {
  levels: levelsOf({ faithful: Object.keys(patterns) }, Object.keys(patterns)),
  judge(history, { initial }) {
    // No initial value is needed: offsets show which messages are older than the record.
    if (JSON.stringify(initial ?? []).length !== 2) throw new Undecided('a stream with an initial value is not covered')
    const partitions = partitionsOf(history)
    return {
      breaks(guarantee, core) {
        const isBroken = partitions.some((each) => patterns[guarantee]?.(each, ({ line }) => core?.has(line) ?? true))
        const isOpen = core !== undefined && guarantee === 'monotonic-sends' && partitions.some(areEqual)
        if (isOpen && !isBroken) throw new Undecided(EQUAL)
        return isBroken
      },
      open: (guarantee) => partitions.map((each) => whyOpen(guarantee, each)).find((why) => why !== undefined),
    }
  },
}
