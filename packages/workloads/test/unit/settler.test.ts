import type { Completion, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createKnownRevisions, type KnownStore } from '../../src/known-store.ts'
import { createSettler } from '../../src/watch.ts'

const storeWith = (...known: readonly number[]): KnownStore => {
  const revisions = createKnownRevisions()
  for (const revision of known) revisions.saw(revision)
  return { last: 0, ofKey: new Map(), revisions, compacted: 0, deletions: [] }
}

const ok = (value: Json): Completion => ({ type: 'ok', value })
const read = (from: number, to: number) => ok({ from, to, changes: [] })
const asks = (value: Json) => ({ f: 'changes', value })

describe('the settler of a watched store', () => {
  test('the settler reads every unknown range of revisions, and then later revisions until a read is empty', () => {
    const settler = createSettler(storeWith(2, 3, 7, 6, 9))
    const after = settler.finisher()
    expect(after()).toEqual(asks({ from: 4, to: 5 }))
    settler.learned(read(4, 5))
    expect(after()).toEqual(asks({ from: 8, to: 8 }))
    settler.learned(read(8, 8))
    expect(after()).toEqual(asks({ from: 10 }))
    settler.learned(read(10, 12))
    expect(after()).toEqual(asks({ from: 13 }))
    settler.learned(read(13, 12))
    expect(after()).toBeUndefined()
  })

  test('the settler continues an incomplete read, repeats a failed read, and eventually gives up', () => {
    const settler = createSettler(storeWith(9))
    const after = settler.finisher()
    expect(after()).toEqual(asks({ from: 2, to: 8 }))
    settler.learned(read(2, 4))
    expect(after()).toEqual(asks({ from: 5, to: 8 }))
    for (let count = 0; after() !== undefined; count++) {
      expect(count).toBeLessThan(100)
      settler.learned({ type: 'fail', error: 'timeout' })
    }
  })

  test('the settler lets only one of several clients read the revisions that are still unknown', () => {
    const settler = createSettler(storeWith(3))
    const [first, second] = [settler.finisher(), settler.finisher()]
    expect(first()).toBeDefined()
    expect(second()).toBeUndefined()
    expect(first()).toBeDefined()
  })

  test('the settler reads unknown revisions before a compaction removes them, and skips compacted revisions', () => {
    const store = storeWith(2, 5)
    const settler = createSettler(store)
    expect(settler.before(2)).toBeUndefined()
    expect(settler.before(5)).toEqual(asks({ from: 3, to: 4 }))
    settler.learned(read(3, 4))
    expect(settler.before(5)).toBeUndefined()
    store.compacted = 7
    expect(settler.finisher()()).toEqual(asks({ from: 8 }))
  })
})
