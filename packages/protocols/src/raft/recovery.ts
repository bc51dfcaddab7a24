import { createGenerator } from '../generator.ts'
import { createLog, replaceFrom } from '../log.ts'
import type { NodeSetting } from '../machine.ts'
import type { AnyObject } from '../objects/object.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { createCopy } from '../routing/sessions.ts'
import { noteConfigurations } from './configuration.ts'
import { NEVER } from './rounds.ts'
import { restoreSnapshot } from './snapshot.ts'
import type { Configuration, RaftRecord, RaftState } from './state.ts'

/** A node's initial state, rebuilt from its journal alone (Figure 2, "persistent state"; §7). */
export function recover(object: AnyObject, node: NodeSetting, journal: readonly RaftRecord[]): RaftState {
  const everybody: Configuration = { index: 0, members: [node.id, ...node.peers] }
  const state: RaftState = {
    id: node.id,
    peers: node.peers,
    generator: createGenerator(node.seed),
    forwarding: createForwarding(node.seed),
    term: 0,
    votedFor: null,
    log: createLog(),
    snapshot: undefined,
    configurations: [everybody],
    configuration: everybody,
    voter: true,
    role: 'follower',
    leader: undefined,
    loyal: false,
    commitIndex: 0,
    applied: 0,
    copy: createCopy(object),
    votes: [],
    stored: 0,
    progress: new Map(),
    noopIndex: 0,
    roundStarted: 0,
    roundEnd: 0,
    roundConfirmed: 0,
    roundStartedAt: NEVER,
    leaseUntil: NEVER,
    leaseForfeited: false,
    transferTo: undefined,
    reads: [],
    proposals: new Map(),
    requests: new Map(),
  }
  for (const record of journal) replay(object, state, record)
  return state
}

function replay(object: AnyObject, state: RaftState, record: RaftRecord): void {
  switch (record.kind) {
    case 'entries':
      replaceFrom(state.log, record.from, record.entries)
      noteConfigurations(state, record.from, record.entries)
      return
    case 'snapshot':
      restoreSnapshot(object, state, record.snapshot)
      return
    case 'vote':
      state.term = record.term
      state.votedFor = record.votedFor
      return
    default:
      record satisfies never
  }
}
