import { type Input, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { ProtocolDefinition } from '../definition.ts'
import { lastIndex } from '../log.ts'
import { isRead, unavailable } from '../objects/object.ts'
import { bug, defineProtocol } from '../options.ts'
import { answer, answerReads, readOf } from '../routing/answers.ts'
import { type Origin, REQUEST_LIMIT } from '../routing/routing.ts'
import { routingSettings } from '../routing/succession.ts'
import { raftChanges, raftInvariants } from './invariants.ts'
import { createRaft } from './machine.ts'
import { appendEntry } from './replication.ts'
import { holdsLease, holdsTrueLease, roundFromNow } from './rounds.ts'
import type { RaftTurn } from './state.ts'

const UNCOMMITTED_LIMIT = 10_000

// The next three functions serve a client's request: §8; thesis §6.4 for reads.

function serve(turn: RaftTurn, origin: Origin, command: Command): void {
  const { state, config } = turn
  const crowded = lastIndex(state.log) - state.commitIndex > UNCOMMITTED_LIMIT || state.reads.length > REQUEST_LIMIT
  if (state.role !== 'leader' || state.transferTo !== undefined || crowded) answer(turn, origin, unavailable)
  else if (isRead(config, command)) read(turn, origin, command.input)
  else propose(turn, origin, command)
}

function propose(turn: RaftTurn, origin: Origin, command: Command): void {
  const { state } = turn
  state.proposals.set(lastIndex(state.log) + 1, { term: state.term, origin })
  appendEntry(turn, { term: state.term, command })
  roundFromNow(turn)
}

/** Serves a read by read-index (thesis §6.4) or by lease (§6.4.1). */
function read(turn: RaftTurn, origin: Origin, input: Input): void {
  const { state } = turn
  // The bug: a leader answers from its own copy without checking that it still leads.
  if (turn.suffers('stale-read')) {
    answer(turn, origin, readOf(turn, input))
    return
  }
  // Until its no-op is committed, a leader does not know which entries are committed (§8). The bug: it assumes that it
  // knows.
  const known = turn.config.bug === 'read-without-noop' ? 0 : state.noopIndex
  const index = Math.max(state.commitIndex, known)
  if (index < state.noopIndex) turn.mark()
  const held = holdsLease(turn)
  if (held && turn.config.bug === 'lease-too-long' && !holdsTrueLease(turn)) turn.mark()
  const round = held ? state.roundConfirmed : roundFromNow(turn)
  state.reads.push({ origin, input, index, round })
  answerReads(turn)
}

/** The largest ratio of the rates of two clocks. */
const DRIFT = 1.25

export const raft: ProtocolDefinition = defineProtocol({
  name: 'raft',
  summary: 'consensus by a replicated log and an elected leader; reads by read-index',
  defaultNodes: 5,
  settings: {
    'pre-vote': {
      summary: 'whether a node asks others if it could win an election before it starts one',
      default: true,
      worthTrying: [false],
    },
    'heartbeat-ms': { summary: 'milliseconds between heartbeats of a leader', default: 50 },
    'election-min-ms': { summary: 'shortest election timeout, in milliseconds', default: 250 },
    'election-max-ms': { summary: 'longest election timeout, in milliseconds', default: 500 },
    batch: { summary: 'the largest number of entries in one message', default: 64, worthTrying: [1] },
    pipeline: {
      summary: 'the largest number of messages with entries in flight to one follower',
      default: 4,
      worthTrying: [1],
    },
    reads: {
      summary: 'how a leader confirms that it still leads before it answers a read',
      default: 'read-index',
      values: ['read-index', 'lease'],
      worthTrying: ['lease'],
    },
    'clock-drift': {
      summary: 'the largest clock drift that leases allow for, as a factor',
      default: DRIFT,
    },
    'snapshot-entries': {
      summary: 'number of entries after which a node takes its next snapshot',
      default: 10_000,
      worthTrying: [4],
    },
    'transfer-ms': {
      summary: 'time after which a leader hands over to another; 0: never',
      default: 0,
      worthTrying: [150],
    },
    'resize-ms': {
      summary: 'interval at which a leader removes a voter or adds one back; 0: never',
      default: 0,
      worthTrying: [100],
    },
    ...routingSettings('leader'),
  },
  bugs: {
    'ack-before-majority': bug('the leader considers an entry committed once it has it itself', ['isolate-leader']),
    'forget-vote': bug('term and vote are kept in memory only, so a restart forgets them', ['kill']),
    'stale-read': bug('a leader answers reads without confirming that it still leads', ['isolate-leader']),
    'commit-old-term': bug('entries of earlier terms are committed by counting their copies (Figure 8)', ['shifting']),
    'no-log-check': bug('votes are given to candidates whose logs lack entries', ['isolate-leader', 'kill']),
    'ack-before-fsync': bug('messages and replies do not wait for the disk', ['kill']),
    'double-apply': bug('a repeated request is carried out again', ['isolate-leader'], { workload: 'list-append' }),
    'dedup-leader-only': bug('only the leader remembers which requests were carried out', ['isolate-leader']),
    'reply-by-index': bug('a request is answered when any entry is committed at the index of its own entry', [
      'isolate-leader',
    ]),
    'read-without-noop': bug('a new leader answers reads before an entry of its term is committed', ['shifting']),
    'quorum-off-by-one': bug('half of the nodes count as a majority', ['halves']),
    'vote-twice': bug('a node votes for every candidate of a term that asks', ['isolate-leader', 'kill'], {
      settings: { 'pre-vote': false, 'election-max-ms': 260 },
    }),
    'up-to-date-length-only': bug(
      'the longer log wins votes, whatever the terms of its entries',
      ['isolate-leader', 'shifting'],
      { settings: { 'pre-vote': false } },
    ),
    'no-prev-check': bug('a follower appends without checking the entry before', ['isolate-leader']),
    'prev-length-only': bug('a follower appends wherever its log is long enough, without comparing terms', [
      'isolate-leader',
    ]),
    'no-truncate': bug('entries that conflict with those of the leader are kept', ['isolate-leader']),
    'lease-too-long': bug('a lease lasts longer than the time in which followers elect no other leader', [
      'isolate-leader',
    ]),
    'forget-snapshot': bug('a snapshot from the leader is confirmed without being stored', ['isolate-leader', 'kill'], {
      settings: { 'snapshot-entries': 50 },
      trialSettings: { 'snapshot-entries': 4 },
    }),
    'overlapping-changes': bug(
      'a membership change does not wait for the previous one to be committed',
      ['isolate-leader', 'partition'],
      { settings: { 'resize-ms': 60 } },
    ),
    'stale-append': bug('entries are taken from leaders of earlier terms', ['isolate-leader']),
  },
  invariants: raftInvariants,
  changes: raftChanges,
  promises: () => 'linearizable',
  // Only reads under a lease depend on clocks.
  clocks: ({ reads, 'clock-drift': drift = DRIFT }) => (reads === 'lease' ? { drift: Number(drift) } : {}),
  create(chosen) {
    const { electionMinMs } = chosen
    const electionMaxMs = millis(Math.max(electionMinMs, chosen.electionMaxMs))
    const trueLeaseMs = millis(electionMinMs / chosen.clockDrift)
    const isLeaseTooLong = chosen.bug === 'lease-too-long'
    return createRaft({
      serve,
      ...chosen,
      electionMaxMs,
      // The bug: the lease is as long as the time after which a leader steps down. Another leader may be elected during
      // that time.
      reads: isLeaseTooLong ? 'lease' : chosen.reads,
      leaseMs: isLeaseTooLong ? millis(2 * electionMaxMs) : trueLeaseMs,
      trueLeaseMs,
    })
  },
})
