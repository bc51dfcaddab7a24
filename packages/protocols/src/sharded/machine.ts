import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import { createGenerator } from '../generator.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { giveAgain, handleTake, handleTook, rebalance } from './moving.ts'
import { askAgain, finish, handleAsk, handleMoved, handleRequest, handleThere, handleWhere } from './serving.ts'
import {
  firstPlace,
  type ShardedConfig,
  type ShardedMessage,
  type ShardedRecord,
  type ShardedState,
  type Turn,
} from './state.ts'

export type ShardedMachine = StateMachine<ShardedState, ShardedMessage, ShardedRecord>

/**
 * Keys are spread over shards, by hash, by range or by a directory, and each shard has one owner, which moves. Any node
 * passes a client's request to the owner that it knows of; an earlier owner refuses it and says where the shard went.
 */
export function createSharded(config: ShardedConfig): ShardedMachine {
  return {
    start(node, journal) {
      const turn: Turn = { config, state: recover(config, node, journal), effects: [] }
      turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: config.retransmitMs })
      turn.effects.push({ type: 'setTimer', timer: 'rebalance', afterMs: config.rebalanceMs })
      return turn
    },
    step(state, event) {
      const turn: Turn = { config, state, effects: [] }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event.requestId, commandOf(event))
          break
        case 'message':
          handleMessage(turn, event.from, event.message)
          break
        case 'timer':
          handleTimer(turn, event.timer)
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: () => ({ role: 'owner', leads: false, ready: true }),
  }
}

function recover(config: ShardedConfig, node: NodeSetting, journal: readonly ShardedRecord[]): ShardedState {
  const { object, shards } = config
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
  for (const record of journal) replay(config, state, record)
  return state
}

function replay({ object }: ShardedConfig, state: ShardedState, record: ShardedRecord): void {
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

function handleTimer(turn: Turn, timer: string): void {
  const { config, effects } = turn
  if (timer === 'rebalance') {
    rebalance(turn)
    effects.push({ type: 'setTimer', timer, afterMs: config.rebalanceMs })
  } else {
    giveAgain(turn)
    askAgain(turn)
    effects.push({ type: 'setTimer', timer, afterMs: config.retransmitMs })
  }
}

function handleMessage(turn: Turn, from: NodeId, message: ShardedMessage): void {
  switch (message.type) {
    case 'ask':
      handleAsk(turn, from, message)
      return
    case 'answer':
      finish(turn, message.requestId, message.result)
      return
    case 'moved':
      handleMoved(turn, message)
      return
    case 'take':
      handleTake(turn, from, message.shard, message.epoch, message.content)
      return
    case 'took':
      handleTook(turn, message.shard, message.epoch)
      return
    case 'where':
      handleWhere(turn, from, message.key)
      return
    case 'there':
      handleThere(turn, message.key, message.shard)
      return
    default:
      message satisfies never
  }
}
