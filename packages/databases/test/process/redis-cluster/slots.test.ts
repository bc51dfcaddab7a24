import { expect, test } from 'vitest'
import { firstSlot, redirectionIn, SLOTS, shardOf, slotOf } from '../../../src/redis-cluster/slots.ts'

test('the slot that is computed for a key is the slot that Redis computes', () => {
  // The slots were computed by CLUSTER KEYSLOT of Redis 7.0.
  const slots = { x: 16_287, '123456789': 12_739, '{x}.y': 16_287, 'a{}b': 13_694, naïve: 2_847 }
  expect(Object.fromEntries(Object.keys(slots).map((key) => [key, slotOf(key)]))).toEqual(slots)
})

test.each([3, 4, 5, 6])('each of %i shards of a Redis Cluster has a contiguous range of slots', (shards) => {
  const all = Array.from({ length: SLOTS }, (_, slot) => shardOf(slot, shards))
  for (let shard = 0; shard <= shards; shard++)
    expect(all.filter((of) => of < shard).length).toBe(firstSlot(shard, shards))
})

test('redirectionIn reads the slot and the port of MOVED and ASK errors, and ignores other errors', () => {
  expect(redirectionIn('MOVED 3999 127.0.0.1:6381')).toEqual({ type: 'moved', slot: 3_999, port: 6_381 })
  expect(redirectionIn('ASK 12 ::1:7000')).toEqual({ type: 'ask', slot: 12, port: 7_000 })
  expect(redirectionIn('MOVED somewhere')).toBeUndefined()
  expect(redirectionIn('CLUSTERDOWN Hash slot not served')).toBeUndefined()
})
