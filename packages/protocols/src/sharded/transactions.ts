import type { Json } from '@chaosproxy/history'
import { loadPairs } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import { begin, coordinatorMessages } from '../two-phase-commit/coordinator.ts'
import { type Operation, perform } from '../two-phase-commit/items.ts'
import { participantMessages } from '../two-phase-commit/participant.ts'
import type { Attempt } from '../two-phase-commit/retries.ts'
import { itemOf, keyOfItem, placeOf, shardOfItem } from './content.ts'
import { shardOf } from './serving.ts'
import type { Sharded, ShardedTurn } from './state.ts'

// Transactions over any shards, by two-phase commit among the shards' owners. A shard with locked keys does not move,
// so a node that voted still owns it when the decision arrives.

export function beginTransaction(turn: ShardedTurn, attempted: Attempt): void {
  begin(turn, attempted, (operation) => {
    const shard = shardOf(turn, operation.item)
    if (shard === undefined) return undefined
    const { owner } = placeOf(turn.state, shard)
    return { holder: owner, operation: { ...operation, item: itemOf(shard, operation.item) } }
  })
}

export const transactionMessages: Handlers<Sharded, 'prepare' | 'yes' | 'placed'> = {
  /**
   * Votes if this node owns all shards of the transaction. Otherwise, tells the coordinator where the missing shards are.
   */
  prepare(turn, message, from) {
    const { state, config } = turn
    const { transaction, operations } = message
    const shards = [...new Set(operations.map(({ item }) => shardOfItem(item)))]
    const away = shards.filter((shard) => !state.owned.has(shard))
    if (away.length === 0) {
      if (shards.some((shard) => state.leaving.has(shard))) turn.mark()
      participantMessages.prepare(turn, message, from)
      return
    }
    if (
      config.bug === 'drop-in-flight' &&
      away.every((shard) => state.leaving.has(shard)) &&
      operations.some(({ does }) => does !== 'read')
    ) {
      // The bug: writes that arrive while their shard is moving are acknowledged and lost.
      turn.mark()
      turn.send(from, { type: 'yes', transaction, read: readWithoutWriting(turn, operations, away) })
      return
    }
    for (const shard of away) turn.send(from, { type: 'placed', shard, place: placeOf(state, shard) })
    turn.send(from, { type: 'no', transaction, refusal: 'locked' })
  },
  /** The coordinator names items by their keys, without the shard. */
  yes: (turn, { type, transaction, read }, from) =>
    coordinatorMessages.yes(
      turn,
      { type, transaction, read: read.map(([item, value]) => [keyOfItem(item), value]) },
      from,
    ),
  placed({ state }, { shard, place }) {
    if (place.epoch > placeOf(state, shard).epoch && place.owner !== state.id) state.places.set(shard, place)
  },
}

function readWithoutWriting(
  { state }: ShardedTurn,
  operations: readonly Operation[],
  away: readonly number[],
): [item: string, value: Json][] {
  const values = new Map(state.values)
  for (const shard of away)
    for (const [item, value] of loadPairs(state.leaving.get(shard)?.content ?? [], (each) => each))
      values.set(item, value)
  const outcome = perform(operations, values)
  return 'refusal' in outcome ? [] : [...outcome.read]
}
