import type { NodeId } from '@chaosproxy/faults'
import { draw } from '../generator.ts'
import type { Handlers } from '../turn.ts'
import { contentOf, drop, keep, placeOf, shardOfItem } from './content.ts'
import type { Sharded, ShardedTurn } from './state.ts'

// A shard moves under load in three steps, each durable before the next begins: its owner stops serving it; the next
// owner takes it; the first owner removes it. No two nodes ever serve a shard at the same time.

export function rebalance(turn: ShardedTurn): void {
  const { state } = turn
  const others = state.nodes.filter((node) => node !== state.id)
  // A shard with locked keys does not move until the transaction has ended.
  const locked = new Set([...state.locks.keys()].map(shardOfItem))
  const shards = [...state.owned.keys()].filter((shard) => !state.leaving.has(shard) && !locked.has(shard))
  const shard = shards[Math.floor(draw(state.generator) * shards.length)]
  const to = others[Math.floor(draw(state.generator) * others.length)]
  if (shard !== undefined && to !== undefined) give(turn, shard, to)
}

function give(turn: ShardedTurn, shard: number, to: NodeId): void {
  const { state, config } = turn
  const epoch = placeOf(state, shard).epoch + 1
  const content = contentOf(turn, shard)
  state.leaving.set(shard, { to, epoch, content })
  turn.persist({ kind: 'gave', shard, epoch, to, content })
  // The bug: the node that gave the shard away still serves it, until the next owner confirms with `took` that it has
  // taken the shard.
  if (config.bug !== 'both-owners-serve') {
    drop(state, shard)
    state.places.set(shard, { owner: to, epoch })
    state.moves++
  }
  turn.send(to, { type: 'take', shard, epoch, content })
}

export function giveAgain(turn: ShardedTurn): void {
  for (const [shard, { to, epoch, content }] of turn.state.leaving)
    turn.send(to, { type: 'take', shard, epoch, content })
}

export const movingMessages: Handlers<Sharded, 'take' | 'took'> = {
  take(turn, { shard, epoch, content }, from) {
    const { state } = turn
    // The message is new if its epoch is later than the known epoch of the shard. It is also new if, in the known
    // epoch, this node is the owner but has not received the content yet. Any other message is late or repeated.
    const place = placeOf(state, shard)
    const isNew = epoch > place.epoch || (epoch === place.epoch && place.owner === state.id && !state.owned.has(shard))
    if (isNew && !state.leaving.has(shard)) {
      keep(turn, shard, content)
      state.places.set(shard, { owner: state.id, epoch })
      state.moves++
      turn.persist({ kind: 'took', shard, epoch, content })
    } else if (isNew) return
    turn.send(from, { type: 'took', shard, epoch })
  },
  took(turn, { shard, epoch }) {
    const { state } = turn
    const leaving = state.leaving.get(shard)
    if (leaving?.epoch !== epoch) return
    state.leaving.delete(shard)
    if (drop(state, shard)) {
      state.places.set(shard, { owner: leaving.to, epoch })
      state.moves++
    }
    turn.persist({ kind: 'handed', shard, epoch })
  },
}
