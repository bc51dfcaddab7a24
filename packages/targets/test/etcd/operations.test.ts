import type { Input, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { isInstalled, startEtcd, why } from './etcd-cluster.ts'

const asking =
  (key: string) =>
  (f: string, value: Json = null): Input => ({ f, key, value })
const x = asking('x')

describe.skipIf(!isInstalled)(`a live etcd${why}`, () => {
  test('keeps registers, compared and set in one transaction, and strings and lists that grow', async () => {
    const { ask, readyMs } = await startEtcd({ functions: ['read', 'write', 'cas', 'append'], initial: null })
    expect(readyMs).toBeGreaterThan(0)
    expect(await ask(x('read'))).toEqual({ type: 'ok', value: null })
    expect(await ask(x('cas', [null, 1]))).toEqual({ type: 'ok', value: [null, 1] })
    expect(await ask(x('cas', [null, 2]))).toEqual({ type: 'fail', error: 'mismatch' })
    expect(await ask(x('cas', [1, 2]))).toMatchObject({ type: 'ok' })
    expect(await ask(x('read'))).toEqual({ type: 'ok', value: 2 })
    expect(await ask(x('write', null))).toMatchObject({ type: 'ok' })
    expect(await ask(x('cas', [null, 3]))).toMatchObject({ type: 'ok' })
    const text = asking('text')
    await Promise.all(['a.', 'b.', 'c.'].map((part) => ask(text('append', part))))
    const grown = await ask(text('read'))
    expect(grown).toMatchObject({ type: 'ok', value: expect.stringMatching(/^(?:[abc]\.){3}$/) })
    const list = asking('list')
    for (const part of [1, 2]) await ask(list('append', part))
    expect(await ask(list('read'))).toEqual({ type: 'ok', value: [1, 2] })
  })

  test.each(['txn', 'lock'])('loses no addition to a counter that is changed by %s', async (update) => {
    const { ask } = await startEtcd({ functions: ['read', 'add'], initial: 0 }, { update })
    const added = await Promise.all(Array.from({ length: 8 }, () => ask(x('add', 1))))
    const done = added.filter(({ type }) => type === 'ok').length
    expect(done).toBeGreaterThan(0)
    expect(await ask(x('read'))).toEqual({ type: 'ok', value: done })
  })

  test('keeps sets, an element a key', async () => {
    const { ask } = await startEtcd({ functions: ['read', 'add', 'remove'], initial: null })
    for (const element of [1, 'a', 10]) await ask(x('add', element))
    await ask(x('remove', 1))
    expect(await ask(x('contains', 'a'))).toEqual({ type: 'ok', value: true })
    expect(await ask(x('read'))).toEqual({ type: 'ok', value: ['a', 10] })
    expect(await ask(asking('x1')('read'))).toEqual({ type: 'ok', value: [] })
  })

  test('gives a lock to one holder at a time, with a token that grows', async () => {
    const { ask } = await startEtcd({ functions: ['acquire', 'release'], initial: null }, { fencing: true })
    const first = await ask(x('acquire'))
    const token = first.type === 'ok' ? first.value : null
    expect(token).toEqual(expect.any(Number))
    expect(await ask(x('acquire'))).toEqual({ type: 'fail', error: 'held' })
    expect(await ask(x('release', 1))).toEqual({ type: 'fail', error: 'the lock was lost' })
    expect(await ask(x('release', token))).toEqual({ type: 'ok', value: token })
    const second = await ask(x('acquire'))
    expect(second.type === 'ok' && Number(second.value) > Number(token)).toBe(true)
  })
})
