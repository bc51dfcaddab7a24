import { type Faithful, ladderOf } from '../judge/guarantees.ts'
import type { Ladder } from '../verdict/ladder.ts'

/**
 * The guarantees of partitioned logs as Kafka has them. In parentheses: the anomaly that breaks each, by its name in
 * Jepsen's tests of Kafka and Redpanda (jepsen.tests.kafka).
 *
 * - consistent-offsets: an offset holds one message (inconsistent-offsets)
 * - no-duplicates: a message stands at one offset (duplicate)
 * - no-aborted-reads: what is polled was sent, and its send was not reported as failed (G1a)
 * - monotonic-sends: the offsets of one producer's messages increase (nonmonotonic-send)
 * - monotonic-polls: a consumer's offsets increase, within a poll (int-nonmonotonic-poll) and from poll to poll
 *   (nonmonotonic-poll)
 * - no-skips: a consumer passes over no message, within a poll (int-poll-skip) and from poll to poll (poll-skip)
 * - no-lost-writes: an acknowledged message that a consumer passed over, or the group of those that have subscribed,
 *   was polled by another at least (lost-write); unknown of one that nobody came to
 * - committed-starts: a consumer that resumes does not begin after what was committed
 * - no-unseen: after healing, consumers reach every message that was acknowledged (unseen)
 */
export const guarantees = [
  'consistent-offsets',
  'no-duplicates',
  'no-aborted-reads',
  'monotonic-sends',
  'monotonic-polls',
  'no-skips',
  'no-lost-writes',
  'committed-starts',
  'no-unseen',
] as const

export type Guarantee = (typeof guarantees)[number]

export type StreamLevel = Faithful | Guarantee

/** How a headline describes a stream that breaks the guarantee. */
export const faults: { readonly [guarantee in Guarantee]: string } = {
  'consistent-offsets': 'holds two messages at one offset',
  'no-duplicates': 'holds a message twice',
  'no-aborted-reads': 'shows what was not sent',
  'monotonic-sends': "reorders a producer's messages",
  'monotonic-polls': 'goes back',
  'no-skips': 'skips messages',
  'no-lost-writes': 'loses messages',
  'committed-starts': 'resumes beyond what was committed',
  'no-unseen': 'leaves messages unseen',
}

export const streamLadder: Ladder<StreamLevel> = ladderOf(guarantees, [
  'consistent-offsets',
  'no-duplicates',
  'monotonic-polls',
  'no-skips',
  'committed-starts',
])
