import { type Completion, type Input, type Json, millis } from '@chaosproxy/history'
import type { StartedCluster } from '@chaosproxy/runner'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addressOf, isInstalled, startEtcd, why } from '../../etcd/etcd-cluster.ts'

const asking =
  (key: string) =>
  (f: string, value: Json = null): Input => ({ f, key, value })
const x = asking('x')

/** The operations of one client. */
function asker(cluster: StartedCluster): (input: Input) => Promise<Completion> {
  const client = cluster.connect('n1')
  onTestFinished(() => client.close())
  return (input) => new Promise((resolve) => client.invoke({ input, harmless: true }, millis(5000), resolve))
}

/** The next events of watch 1. */
async function watchedEvents(watching: (input: Input) => Promise<Completion>, count: number): Promise<Json[]> {
  const events: Json[] = []
  while (events.length < count) {
    const taken = await watching({ f: 'watched', value: { watch: 1 } })
    if (taken.type !== 'ok') throw new Error(taken.error)
    for (const response of taken.value as readonly { readonly events?: readonly Json[] }[])
      events.push(...(response.events ?? []))
  }
  return events
}

describe.skipIf(!isInstalled)(`a live etcd${why}`, () => {
  test('etcd stores registers with an atomic cas, and texts and lists with appends', async () => {
    const { ask, readyMs } = await startEtcd({ functions: ['read', 'write', 'cas', 'append'], initial: null })
    expect(readyMs).toBeGreaterThan(0)
    expect(await ask(x('read'))).toEqual({ type: 'ok', value: null })
    expect(await ask(x('cas', [null, 1]))).toEqual({ type: 'ok', value: [null, 1] })
    expect(await ask(x('cas', [null, 2]))).toEqual({ type: 'fail', error: 'mismatch', answered: true })
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

  test.each(['txn', 'lock'])(
    'etcd keeps each confirmed addition to a counter that is updated by a %s',
    async (update) => {
      const { ask } = await startEtcd({ functions: ['read', 'add'], initial: 0 }, { update })
      const added = await Promise.all(Array.from({ length: 8 }, () => ask(x('add', 1))))
      const done = added.filter(({ type }) => type === 'ok').length
      // An addition without an answer may have taken effect.
      const unknown = added.filter(({ type }) => type === 'info').length
      expect(done).toBeGreaterThan(0)
      const read = await ask(x('read'))
      expect(Array.from({ length: 1 + unknown }, (_, i) => ({ type: 'ok', value: done + i }))).toContainEqual(read)
    },
  )

  test.each(['txn', 'lock'])('etcd stores a queue as one value that is updated by a %s', async (update) => {
    const { ask } = await startEtcd({ functions: ['enqueue', 'dequeue', 'drain'], initial: null }, { update })
    await Promise.all([1, 2, 3, 4].map((message) => ask(x('enqueue', message))))
    const taken = await ask(x('dequeue'))
    const rest = await ask(x('drain'))
    const messages = [taken, rest].flatMap((done) => (done.type === 'ok' ? [done.value].flat() : []))
    expect(messages.toSorted()).toEqual([1, 2, 3, 4])
    expect(await ask(x('dequeue'))).toEqual({ type: 'ok', value: null })
    expect(await ask(asking('y')('drain'))).toEqual({ type: 'ok', value: [] })
  })

  test('a set in etcd contains the added elements that were not removed, and no elements of another set', async () => {
    const { ask } = await startEtcd({ functions: ['read', 'add', 'remove'], initial: null })
    for (const element of [1, 'a', 10]) await ask(x('add', element))
    await ask(x('remove', 1))
    expect(await ask(x('contains', 'a'))).toEqual({ type: 'ok', value: true })
    expect(await ask(x('read'))).toEqual({ type: 'ok', value: ['a', 10] })
    expect(await ask(asking('x1')('read'))).toEqual({ type: 'ok', value: [] })
  })

  test('etcd sends all changes from a past revision to a watch, and ends a watch from a compacted revision', async () => {
    const { cluster, ask } = await startEtcd({ functions: ['put', 'delete', 'txn', 'watch', 'watched'], initial: null })
    const put = async (input: Input) => {
      const done = await ask(input)
      return done.type === 'ok' ? Number(done.value) : Number.NaN
    }
    const first = await put(x('put', 1))
    expect(await put(x('put', 2))).toBe(first + 1)
    expect(await put({ f: 'txn', value: { x: 3, y: 4 } })).toBe(first + 2)
    expect(await put(x('delete'))).toBe(first + 3)
    expect(await ask(x('delete'))).toEqual({ type: 'ok', value: null })
    const changes = [
      { revision: first + 1, key: 'x', value: 2 },
      { revision: first + 2, key: 'x', value: 3 },
      { revision: first + 2, key: 'y', value: 4 },
      { revision: first + 3, key: 'x' },
    ]
    const from = first + 1
    expect(await ask({ f: 'changes', value: { from } })).toEqual({
      type: 'ok',
      value: { from, to: first + 3, changes },
    })
    expect(await ask({ f: 'changes', value: { from: first + 4 } })).toEqual({
      type: 'ok',
      value: { from: first + 4, to: first + 3, changes: [] },
    })
    const [one] = changes
    expect(await ask({ f: 'changes', value: { from, to: from } })).toEqual({
      type: 'ok',
      value: { from, to: from, changes: [one] },
    })

    const watching = asker(cluster)
    const asked = { watch: 1, key: 'x', from: first + 2, previous: true }
    expect(await watching({ f: 'watch', value: asked })).toEqual({ type: 'ok', value: { revision: first + 3 } })
    expect(await watchedEvents(watching, 2)).toEqual([
      { revision: first + 2, key: 'x', value: 3, created: false, previous: 2 },
      { revision: first + 3, key: 'x', previous: 3 },
    ])
    const again = await put(x('put', 5))
    expect(await watchedEvents(watching, 1)).toEqual([{ revision: again, key: 'x', value: 5, created: true }])
    await ask({ f: 'compact', value: again })
    const late = { watch: 2, key: 'x', from: first }
    expect(await watching({ f: 'watch', value: late })).toMatchObject({ type: 'ok' })
    // etcd accepts the watch first, and ends it in a later message.
    let refused = await watching({ f: 'watched', value: { watch: 2 } })
    while (refused.type === 'ok' && (refused.value as readonly Json[]).length === 0)
      refused = await watching({ f: 'watched', value: { watch: 2 } })
    expect(refused).toEqual({ type: 'ok', value: [{ ended: true, compacted: again }] })
    await watching({ f: 'unwatch', value: { watch: 1 } })
    expect(await watching({ f: 'watched', value: { watch: 1 } })).toMatchObject({ type: 'fail' })
    expect(await ask({ f: 'changes', value: { from: first } })).toMatchObject({ type: 'fail' })
  })

  test('etcd sends changes to a watch until its member is killed, and the watch then fails', async () => {
    const { cluster, ask } = await startEtcd({ functions: ['put', 'watch', 'watched'], initial: null })
    const watching = asker(cluster)
    expect(await watching({ f: 'watch', value: { watch: 1 } })).toMatchObject({ type: 'ok' })
    await ask(x('put', 1))
    expect(await watchedEvents(watching, 1)).toMatchObject([{ key: 'x', value: 1 }])
    await new Promise((resolve) => cluster.inject({ kind: 'kill', nodes: ['n1'] }, resolve))
    let ended = await watching({ f: 'watched', value: { watch: 1 } })
    // The watch may report progress before it reports its end.
    while (ended.type === 'ok') ended = await watching({ f: 'watched', value: { watch: 1 } })
    expect(ended).toMatchObject({ type: 'fail' })
    expect(await watching({ f: 'watched', value: { watch: 1 } })).toMatchObject({
      type: 'fail',
      error: 'watch 1 is not open here',
    })
  })

  test('etcd grants a lock to one holder at a time, with increasing tokens', async () => {
    const { ask, cluster } = await startEtcd({ functions: ['acquire', 'release'], initial: null }, { fencing: true })
    const { host, port } = addressOf(cluster, 'n1')
    const leases = async () => {
      const listed = await fetch(`http://${host}:${port}/v3/lease/leases`, { method: 'POST', body: '{}' })
      return ((await listed.json()) as { readonly leases?: readonly object[] }).leases ?? []
    }
    const first = await ask(x('acquire'))
    const token = first.type === 'ok' ? first.value : null
    expect(token).toEqual(expect.any(Number))
    expect(await ask(x('acquire'))).toEqual({ type: 'fail', error: 'held', answered: true })
    // The only lease is that of the lock's holder. The refused client left none.
    expect(await leases()).toHaveLength(1)
    expect(await ask(x('release', 1))).toEqual({ type: 'fail', error: 'the lock was lost', answered: true })
    expect(await ask(x('release', token))).toEqual({ type: 'ok', value: token })
    const second = await ask(x('acquire'))
    expect(second.type === 'ok' && Number(second.value) > Number(token)).toBe(true)
  })
})
