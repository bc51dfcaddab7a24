import { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol, promiseOf, protocols, stickinessOf } from '../../src/index.ts'

test('findProtocol finds every protocol by its name, and returns undefined for an unknown name', () => {
  for (const protocol of protocols) expect(findProtocol(protocol.name)).toBe(protocol)
  expect(findProtocol('zab')).toBeUndefined()
})

test('primary-replica promises a level only if writes wait for a majority and the primary answers reads', () => {
  const protocol = findProtocol('primary-replica')!
  expect(promiseOf(protocol, {})).toBe('none')
  expect(promiseOf(protocol, { sync: 'all', reads: 'primary' })).toBe('linearizable')
  expect(promiseOf(protocol, { sync: 'all', reads: 'replica' })).toBe('none')
  expect(promiseOf(protocol, { sync: 1, reads: 'primary' })).toBe('none')
  expect(promiseOf(protocol, protocol.strictest!)).toBe('linearizable')
})

test('primary-replica with own-writes promises sequential only with sticky sessions and without failover', () => {
  const protocol = findProtocol('primary-replica')!
  const sticky = { reads: 'sticky', 'own-writes': true, failover: false }
  expect(promiseOf(protocol, sticky)).toBe('sequential')
  for (const weaker of [{ reads: 'sticky-while-up' }, { 'own-writes': false }, { failover: true }])
    expect(promiseOf(protocol, { ...sticky, ...weaker })).toBe('none')
  expect(stickinessOf(protocol, sticky)).toBe(true)
  expect(stickinessOf(protocol, { reads: 'sticky-while-up' })).toBe('while-up')
  expect(stickinessOf(protocol, {})).toBe(false)
})

test('primary-replica and quorum name the setting that causes stale reads as their weakness', () => {
  const { weakness: ofReplicas } = findProtocol('primary-replica')!
  expect(ofReplicas?.({}, 5, 'register')).toMatch(/^replicas answer reads, and lag;/)
  expect(ofReplicas?.({}, 5, 'queue')).toBe('a write is acknowledged before any replica has it')
  const { weakness } = findProtocol('quorum')!
  expect(weakness?.({ r: 2, w: 3 }, 5)).toBe(
    'r + w is 5, not more than 5 replicas, so a read can miss the newest write',
  )
  expect(weakness?.({ r: 2, w: 'majority', replicas: 3 }, 5)).toBeUndefined()
})

describe.each([...protocols])('the protocol $name', (protocol) => {
  test('a protocol describes no weakness if its settings promise linearizability', () => {
    const settings = protocol.strictest ?? {}
    if (promiseOf(protocol, settings) === 'linearizable')
      expect(protocol.weakness?.(settings, protocol.defaultNodes)).toBeUndefined()
  })

  test('a protocol can be created with each of its bugs and each value of its settings', () => {
    for (const { name } of protocol.bugs) expect(() => protocol.create({ bug: name, settings: {} })).not.toThrow()
    for (const setting of protocol.settings)
      for (const value of setting.values ?? [setting.default])
        expect(() => protocol.create({ settings: { [setting.name]: value } })).not.toThrow()
  })

  test('a protocol refuses an unknown bug or setting, and names the known ones', () => {
    expect(() => protocol.create({ bug: 'nonsense', settings: {} })).toThrow(UserError)
    expect(() => protocol.create({ bug: 'nonsense', settings: {} })).toThrow(protocol.bugs[0]!.name)
    expect(() => protocol.create({ settings: { nonsense: 1 } })).toThrow(protocol.settings[0]!.name)
  })

  test('a protocol refuses a setting whose value has the wrong type or is not one of the possible values', () => {
    for (const setting of protocol.settings)
      expect(() => protocol.create({ settings: { [setting.name]: 'perhaps' } })).toThrow(setting.name)
  })
})
