import type { Json } from '@chaosproxy/history'
import { loadPairs } from '../objects/object.ts'
import type { Place, ShardedState, ShardedTurn } from './state.ts'

// The content of a shard is one object. With transactions, the content is all items whose names begin with the shard's
// number.

export const itemOf = (shard: number, key: string): string => `${shard} ${key}`
export const shardOfItem = (item: string): number => Number(item.slice(0, item.indexOf(' ')))
export const keyOfItem = (item: string): string => item.slice(item.indexOf(' ') + 1)

export function contentOf({ state, config }: ShardedTurn, shard: number): Json {
  if (!config.transactions) return config.object.save(state.owned.get(shard))
  return [...state.values].filter(([item]) => shardOfItem(item) === shard)
}

export function keep({ state, config }: ShardedTurn, shard: number, content: Json): void {
  drop(state, shard)
  state.owned.set(shard, config.transactions ? undefined : config.object.load(content))
  if (config.transactions) for (const [item, value] of loadPairs(content, (each) => each)) state.values.set(item, value)
}

export function drop(state: ShardedState, shard: number): boolean {
  for (const item of [...state.values.keys()]) if (shardOfItem(item) === shard) state.values.delete(item)
  return state.owned.delete(shard)
}

export const firstPlace = ({ nodes }: Pick<ShardedState, 'nodes'>, shard: number): Place => ({
  owner: nodes[shard % nodes.length] ?? nodes[0],
  epoch: 0,
})

export const placeOf = (state: ShardedState, shard: number): Place =>
  state.places.get(shard) ?? firstPlace(state, shard)
