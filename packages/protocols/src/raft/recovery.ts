import { createGenerator } from '../generator.ts'
import { createLog, replaceFrom } from '../log.ts'
import type { NodeSetting } from '../machine.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { createCopy } from '../routing/sessions.ts'
import { noteConfigurations } from './configuration.ts'
import { NEVER } from './rounds.ts'
import { restoreSnapshot } from './snapshot.ts'
import type { Configuration, RaftConfig, RaftRecord, RaftState, RaftTurn } from './state.ts'

export function initial(node: NodeSetting, config: RaftConfig): RaftState {
  const everybody: Configuration = { index: 0, members: [node.id, ...node.peers] }
  return {
    id: node.id,
    generator: createGenerator(node.seed),
    forwarding: createForwarding(node.seed),
    requests: new Map(),
    leader: undefined,
    applied: 0,
    copy: createCopy(config.object),
    reads: [],
    roundStarted: 0,
    roundConfirmed: 0,
    peers: node.peers,
    term: 0,
    votedFor: null,
    log: createLog(),
    snapshot: undefined,
    configurations: [everybody],
    configuration: everybody,
    voter: true,
    role: 'follower',
    loyal: false,
    commitIndex: 0,
    votes: [],
    stored: 0,
    progress: new Map(),
    noopIndex: 0,
    roundEnd: 0,
    roundStartedAt: NEVER,
    leaseUntil: NEVER,
    leaseForfeited: false,
    transferTo: undefined,
    proposals: new Map(),
  }
}

/** Rebuilds a node's state from its journal (Figure 2, "persistent state"; §7). */
export function redo({ state, config }: RaftTurn, record: RaftRecord): void {
  switch (record.kind) {
    case 'entries':
      replaceFrom(state.log, record.from, record.entries)
      noteConfigurations(state, record.from, record.entries)
      return
    case 'snapshot':
      restoreSnapshot(config.object, state, record.snapshot)
      return
    case 'vote':
      state.term = record.term
      state.votedFor = record.votedFor
      return
    default:
      record satisfies never
  }
}
