import { type Input, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { ProtocolDefinition } from '../definition.ts'
import { lastIndex } from '../log.ts'
import { type LogProtocol, watchCompleteness, watchLeaders, watchLogMatching } from '../log-invariants.ts'
import { isRead, unavailable } from '../objects/object.ts'
import { isEverRead } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { answer, readOf } from '../routing/answers.ts'
import { type Origin, REQUEST_LIMIT } from '../routing/routing.ts'
import { successionSettings, withSilence } from '../routing/succession.ts'
import { createPrimaryReplica } from './machine.ts'
import { appendEntry, rounds, sendToAll } from './replication.ts'
import { type PrimaryReplicaState, type PrimaryReplicaTurn, syncCount } from './state.ts'

function serve(turn: PrimaryReplicaTurn, origin: Origin, command: Command): void {
  const { state, config } = turn
  if (state.role !== 'primary') answer(turn, origin, unavailable)
  else if (isRead(config, command)) read(turn, origin, command.input)
  else if (!canReplicate(turn)) answer(turn, origin, unavailable)
  else {
    state.proposals.set(lastIndex(state.log) + 1, origin)
    appendEntry(turn, { term: state.epoch, command })
    sendToAll(turn)
  }
}

/** Whether enough replicas are reachable for a write. It is better to refuse a write than to leave it pending. */
function canReplicate(turn: PrimaryReplicaTurn): boolean {
  const { state } = turn
  let reachable = 0
  for (const replica of state.replicas.values()) if (replica.reachable) reachable++
  return reachable >= syncCount(turn) && state.proposals.size + state.ownWrites.size < REQUEST_LIMIT
}

/**
 * Serves a read. An asynchronous primary answers from its copy. A synchronous primary first confirms with a majority
 * that its epoch is still the latest, in a round that begins after the read.
 */
function read(turn: PrimaryReplicaTurn, origin: Origin, input: Input): void {
  const { state, config } = turn
  // The bug: a synchronous primary answers from its copy without confirming.
  if (config.sync === 0 || config.bug === 'stale-read') {
    if (config.sync !== 0) turn.mark()
    answer(turn, origin, readOf(turn, input))
    return
  }
  if (state.reads.length >= REQUEST_LIMIT) {
    answer(turn, origin, unavailable)
    return
  }
  const index = Math.max(state.committed, state.noopIndex)
  rounds.read(turn, origin, input, index)
}

const copies: LogProtocol<PrimaryReplicaState> = {
  leads: ({ role }) => role === 'primary',
  term: ({ epoch }) => epoch,
  log: ({ log }) => log,
  settled: heldByMajority,
}

/**
 * Returns the last acknowledged entry that a majority is known to have. Later ones may be lost, if the primary waits
 * for fewer copies.
 */
function heldByMajority({ role, committed, peers, replicas }: PrimaryReplicaState): number {
  if (role !== 'primary') return 0
  const others = Math.floor((peers.length + 1) / 2)
  let best = 0
  for (const { match } of replicas.values()) {
    if (match <= best) continue
    let holders = 0
    for (const other of replicas.values()) if (other.match >= match) holders++
    if (holders >= others) best = match
  }
  return peers.length === 0 ? committed : Math.min(best, committed)
}

/** The settings with the strongest promise. Every bug can be observed under them. */
const STRICTEST = { sync: 'majority', reads: 'primary' } as const
/**
 * With these settings, each read of a client shows the beginning of the primary's log. This beginning never becomes
 * shorter between reads, and contains the client's own writes. So all clients see the same sequential order. There is
 * no failover, because it could drop entries that clients have read.
 */
const STICKY = { reads: 'sticky', 'own-writes': true, failover: false } as const

export const primaryReplica: ProtocolDefinition = defineProtocol({
  name: 'primary-replica',
  /** Describes who answers reads, and what a write waits for. */
  weakness: ({ reads = 'replica', sync = 0 }, nodes, object) => {
    const lag = reads === 'primary' || !isEverRead(object) ? '' : 'replicas answer reads, and lag'
    const early =
      sync === 0
        ? 'a write is acknowledged before any replica has it'
        : typeof sync === 'number' && 2 * (sync + 1) <= nodes
          ? 'a write waits for less than a majority, so a failover may lose it'
          : ''
    const given = [lag, early].filter((text) => text !== '')
    return given.length === 0 ? undefined : given.join('; ')
  },
  summary: 'one node takes the writes and passes them on to replicas; a replica takes over when the primary is silent',
  defaultNodes: 5,
  settings: {
    sync: {
      summary:
        'how many replicas must have a write before it is acknowledged; majority: enough that they and the primary are a majority',
      default: 0,
      values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 'majority', 'all'],
    },
    reads: {
      summary:
        'who answers reads: the primary, or every node from its own copy; sticky: each client reads at one node, even while that node is down; sticky-while-up: each client reads at one node until that node does not answer',
      default: 'replica',
      values: ['primary', 'replica', 'sticky', 'sticky-while-up'],
    },
    'own-writes': {
      summary: 'whether a write is acknowledged only after the node that the client called has it in its copy, too',
      default: false,
    },
    failover: { summary: 'whether a replica takes over when the primary is silent', default: true },
    ...successionSettings('primary', 'takes over'),
    'request-timeout-ms': { summary: 'how long a request waits for the primary', default: 1000 },
  },
  bugs: {
    'no-fencing': bug('an old primary goes on after a failover, and replicas keep following it', ['isolate-leader'], {
      settings: STRICTEST,
    }),
    'ack-before-replicate': bug('writes are acknowledged at once, whatever sync says', ['isolate-leader'], {
      settings: STRICTEST,
    }),
    'promote-stale': bug('any replica can take over, whatever its copy lacks', ['isolate-leader', 'partition'], {
      settings: STRICTEST,
    }),
    'stale-read': bug(
      'a synchronous primary answers reads without confirming that it still is one',
      ['isolate-leader'],
      { settings: STRICTEST },
    ),
    'own-write-when-sent': bug(
      'under own-writes, a write is acknowledged once it is sent to the replica, before the replica has it',
      ['delay'],
      {
        settings: STICKY,
      },
    ),
    'forget-epoch': bug('promises are kept in memory only, so a restart forgets them', ['kill', 'isolate-leader'], {
      settings: STRICTEST,
    }),
  },
  invariants: [
    /** A primary needs the promises of a majority, and every node promises an epoch once. */
    { name: 'one primary per epoch', watch: () => watchLeaders(copies) },
    /** An acknowledged entry that a majority had is in the log of every later primary. */
    { name: 'acknowledged entries survive', watch: () => watchCompleteness(copies) },
    /** Two logs with an entry of the same index and epoch are identical up to it. */
    { name: 'logs agree', watch: () => watchLogMatching(copies) },
  ],
  promises: (_, settings) =>
    (settings['sync'] === 'majority' || settings['sync'] === 'all') && settings['reads'] === 'primary'
      ? 'linearizable'
      : Object.entries(STICKY).every(([name, value]) => settings[name] === value)
        ? 'sequential'
        : 'none',
  sticky: ({ reads }) => (reads === 'sticky-while-up' ? 'while-up' : reads === 'sticky'),
  strictest: STRICTEST,
  impossible: ({ sync }, nodes) =>
    typeof sync === 'number' && sync >= nodes
      ? `a write cannot wait for ${sync} replicas: of ${nodes} nodes, ${nodes - 1} are replicas (sync=all waits for all of them)`
      : undefined,
  create: (chosen) =>
    createPrimaryReplica({
      serve,
      ...withSilence(chosen),
      reads: chosen.reads === 'primary' ? 'primary' : 'replica',
      leaderWaitMs: millis(0),
      retryMs: millis(0),
    }),
})
