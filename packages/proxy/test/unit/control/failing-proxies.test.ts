import { describe, expect, test } from 'vitest'
import { echo, network } from '../../../../testing/src/sockets.ts'
import { createProxySet, type ProxySettings } from '../../../src/control/state/proxies.ts'

const proxies = () =>
  createProxySet({
    network: network(),
    interceptFor: () => Promise.reject(new Error('nothing is read')),
    prepare: async () => undefined,
    processesFor: async () => undefined,
  })

const UPSTREAM = '127.0.0.1:1'
const UNKNOWN = 'no-such-host.invalid:1'

const proxy = (more: Partial<ProxySettings> = {}): ProxySettings => ({
  ...{ name: 'p', listen: '127.0.0.1:0', upstream: UPSTREAM, enabled: true },
  ...more,
})

describe('a proxy that cannot listen', () => {
  test('a proxy that cannot listen is not added', async () => {
    const set = proxies()
    await expect(set.create(proxy({ listen: UNKNOWN }))).rejects.toThrow('lookup no-such-host.invalid: no such host')
    expect(set.list()).toEqual([])
  })

  test('a proxy that can no longer listen is kept, but disabled', async () => {
    const set = proxies()
    await set.create(proxy())
    await expect(set.update('p', { listen: UNKNOWN })).rejects.toThrow('lookup no-such-host.invalid: no such host')
    expect(set.get('p')).toMatchObject({ listen: UNKNOWN, upstream: UPSTREAM, enabled: false })
  })

  test('a change of a proxy succeeds even if it was requested during an earlier change that fails', async () => {
    const set = proxies()
    await set.create(proxy())
    const failing = set.update('p', { listen: UNKNOWN })
    const changed = set.update('p', { listen: '127.0.0.1:0', enabled: true })
    await expect(failing).rejects.toThrow('no such host')
    expect((await changed).enabled).toBe(true)
  })
})

test("isAt recognises a proxy's addresses in any notation, and no unknown address", async () => {
  const set = proxies()
  const { listen } = await set.create(proxy({ upstream: 'localhost:1' }))
  const isAt = (addresses: object) => set.isAt('p', { listen, upstream: UPSTREAM, ...addresses })
  expect(await isAt({})).toBe(true)
  expect(await isAt({ listen: listen.replace('127.0.0.1', 'localhost') })).toBe(true)
  expect(await isAt({ upstream: '127.0.0.1:2' })).toBe(false)
  expect(await isAt({ listen: '127.0.0.1:0' })).toBe(false)
  expect([await isAt({ upstream: UNKNOWN }), await isAt({ listen: UNKNOWN })]).toEqual([false, false])
})

test('an upstream with an unknown host name is not refused as a loop, even at the port of a proxy', async () => {
  const set = proxies()
  const { listen } = await set.create(proxy())
  const upstream = `no-such-host.invalid:${listen.split(':')[1]}`
  expect(await set.create(proxy({ name: 'q', to: 'q', upstream }))).toMatchObject({ upstream, enabled: true })
})

test('if two proxies that lead to each other are enabled at the same time, at least one is refused', async () => {
  const set = proxies()
  // The test listens on the port at 127.0.0.1. No other program that requests the port at all addresses can then get
  // it.
  const { port } = await echo()
  const [one, other] = [`127.0.0.2:${port}`, `127.0.0.3:${port}`]
  await set.create(proxy({ name: 'one', to: 'one', listen: one, upstream: other, enabled: false }))
  await set.create(proxy({ name: 'other', to: 'other', listen: other, upstream: one, enabled: false }))
  const names = ['one', 'other']
  const outcomes = await Promise.allSettled(names.map((name) => set.update(name, { enabled: true })))
  const refused = outcomes.filter(({ status }) => status === 'rejected')
  expect(refused.map((each) => String((each as PromiseRejectedResult).reason.message))).toContainEqual(
    expect.stringMatching(/^proxy one: its connections lead back to itself|^proxy other: its connections lead back/),
  )
  expect(names.map((name) => set.get(name).enabled)).toEqual(outcomes.map(({ status }) => status === 'fulfilled'))
})
