import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { checkDecisions, coordinatorMessages } from '../two-phase-commit/coordinator.ts'
import { checkDoubts, participantMessages, redoTransaction } from '../two-phase-commit/participant.ts'
import { tryAgain } from '../two-phase-commit/retries.ts'
import { NOTHING_SETTLED, twoPhaseAtFirst } from '../two-phase-commit/state.ts'
import { drop, firstPlace, keep } from './content.ts'
import { giveAgain, movingMessages, rebalance } from './moving.ts'
import { askAgain, handleRequest, servingMessages } from './serving.ts'
import type { Sharded, ShardedState } from './state.ts'
import { beginTransaction, transactionMessages } from './transactions.ts'

/**
 * Keys are distributed to shards, by hash, by range or by a directory, and each shard has one owner, which changes. Any
 * node forwards a request to the owner that it knows. A former owner answers with the new owner.
 */
export const createSharded: MachineMaker<Sharded> = defineMachine<Sharded>({
  initial(node, { object, shards }) {
    const state: ShardedState = {
      ...twoPhaseAtFirst(node),
      forwarding: createForwarding(node.seed),
      pending: new Map(),
      places: new Map(),
      listed: new Map(),
      owned: new Map(),
      leaving: new Map(),
      moves: 0,
    }
    for (let shard = 0; shard < shards; shard++)
      if (firstPlace(state, shard).owner === node.id) state.owned.set(shard, object.initial())
    return state
  },
  redo(turn, record) {
    const { state } = turn
    const { object } = turn.config
    switch (record.kind) {
      case 'prepared':
      case 'finished':
      case 'committed':
      case 'ended':
        redoTransaction(turn, record)
        return
      case 'applied':
        if (state.owned.has(record.shard)) object.apply(state.owned.get(record.shard), record.input)
        return
      case 'gave': {
        const { shard, to, epoch, content } = record
        drop(state, shard)
        state.leaving.set(shard, { to, epoch, content })
        state.places.set(shard, { owner: to, epoch })
        return
      }
      case 'handed':
        state.leaving.delete(record.shard)
        return
      case 'took':
        keep(turn, record.shard, record.content)
        state.places.set(record.shard, { owner: state.id, epoch: record.epoch })
        return
      case 'listed':
        state.listed.set(record.key, record.shard)
        return
      default:
        record satisfies never
    }
  },
  begin(turn) {
    turn.setTimer('resend', turn.config.retransmitMs)
    turn.setTimer('rebalance', turn.config.rebalanceMs)
    if (turn.config.transactions) turn.setTimer('check', turn.config.checkMs)
  },
  before({ state }) {
    state.settled = NOTHING_SETTLED
  },
  request: supported((turn, requestId, command) => {
    if (turn.config.transactions) beginTransaction(turn, { requestId, command, attempt: 1 })
    else handleRequest(turn, requestId, command)
  }),
  messages: {
    ...coordinatorMessages,
    ...participantMessages,
    // These replace the handlers of the same names in two-phase commit.
    ...transactionMessages,
    ...servingMessages,
    ...movingMessages,
  },
  timers: {
    rebalance(turn) {
      rebalance(turn)
      turn.setTimer('rebalance', turn.config.rebalanceMs)
    },
    resend(turn) {
      giveAgain(turn)
      askAgain(turn)
      turn.setTimer('resend', turn.config.retransmitMs)
    },
    again: (turn) => tryAgain(turn, beginTransaction),
    check(turn) {
      checkDecisions(turn)
      checkDoubts(turn)
      turn.setTimer('check', turn.config.checkMs)
    },
  },
  status: () => ({ role: 'owner', leads: false, ready: true }),
})
