import { type Faithful, ladderOf } from '../judge/guarantees.ts'
import type { Ladder } from '../verdict/ladder.ts'

/**
 * The guarantees of partitioned logs as Kafka has them. In parentheses: the anomaly that breaks each, by its name in
 * Jepsen's tests of Kafka and Redpanda (jepsen.tests.kafka).
 *
 * - consistent-offsets: each offset holds a single message (inconsistent-offsets)
 * - no-duplicates: each message has a single offset (duplicate)
 * - no-aborted-reads: every polled message was sent, and its send was not reported as failed (G1a)
 * - monotonic-sends: the offsets of one producer's messages increase (nonmonotonic-send)
 * - monotonic-polls: a consumer's offsets increase, within a poll (int-nonmonotonic-poll) and from poll to poll
 *   (nonmonotonic-poll)
 * - no-skips: a consumer skips no message, within a poll (int-poll-skip) and from poll to poll (poll-skip)
 * - no-lost-writes: if a consumer, or the group of subscribed consumers, skipped an acknowledged message, another
 *   consumer polled it (lost-write). Unknown for a message that no consumer has reached
 * - committed-starts: a consumer that resumes does not begin after the committed offset
 * - no-unseen: after healing, consumers reach every acknowledged message (unseen)
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
