import { commandOf } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { createGenerator } from '../generator.ts'
import type { NodeSetting } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { giveAgain, handleTake, handleTook, rebalance } from './moving.ts'
import { askAgain, finish, handleAsk, handleMoved, handleRequest, handleThere, handleWhere } from './serving.ts'
import {
  firstPlace,
  type Sharded,
  type ShardedConfig,
  type ShardedRecord,
  type ShardedState,
  type ShardedTurn,
} from './state.ts'

/**
 * Keys are spread over shards, by hash, by range or by a directory, and each shard has one owner, which changes. Any
 * node passes a client's request to the owner that it knows of; a former owner refuses it and says where the shard
 * went.
 */
export const createSharded: MachineMaker<Sharded> = defineMachine<Sharded>({
  initial,
  redo,
  begin(turn) {
    turn.setTimer('again', turn.config.retransmitMs)
    turn.setTimer('rebalance', turn.config.rebalanceMs)
  },
  request: (turn, asked) => handleRequest(turn, asked.requestId, commandOf(asked)),
  messages: {
    ask: handleAsk,
    answer: (turn, message) => finish(turn, message.requestId, message.result),
    moved: handleMoved,
    take: (turn, message, from) => handleTake(turn, from, message.shard, message.epoch, message.content),
    took: (turn, message) => handleTook(turn, message.shard, message.epoch),
    where: (turn, message, from) => handleWhere(turn, from, message.key),
    there: (turn, message) => handleThere(turn, message.key, message.shard),
  },
  timers: {
    rebalance(turn) {
      rebalance(turn)
      turn.setTimer('rebalance', turn.config.rebalanceMs)
    },
    again(turn) {
      giveAgain(turn)
      askAgain(turn)
      turn.setTimer('again', turn.config.retransmitMs)
    },
  },
  status: () => ({ role: 'owner', leads: false, ready: true }),
})

function initial(node: NodeSetting, { object, shards }: ShardedConfig): ShardedState {
  const state: ShardedState = {
    id: node.id,
    nodes: inOrder(node.id, node.peers),
    generator: createGenerator(node.seed),
    forwarding: createForwarding(node.seed),
    asked: new Map(),
    places: new Map(),
    listed: new Map(),
    owned: new Map(),
    leaving: new Map(),
    moves: 0,
  }
  for (let shard = 0; shard < shards; shard++)
    if (firstPlace(state, shard).owner === node.id) state.owned.set(shard, object.initial())
  return state
}

function redo({ state, config: { object } }: ShardedTurn, record: ShardedRecord): void {
  switch (record.kind) {
    case 'applied':
      if (state.owned.has(record.shard)) object.apply(state.owned.get(record.shard), record.input)
      return
    case 'gave': {
      const { shard, to, epoch, content } = record
      state.owned.delete(shard)
      state.leaving.set(shard, { to, epoch, content })
      state.places.set(shard, { owner: to, epoch })
      return
    }
    case 'handed':
      state.leaving.delete(record.shard)
      return
    case 'took':
      state.owned.set(record.shard, object.load(record.content))
      state.places.set(record.shard, { owner: state.id, epoch: record.epoch })
      return
    case 'listed':
      state.listed.set(record.key, record.shard)
      return
    default:
      record satisfies never
  }
}
