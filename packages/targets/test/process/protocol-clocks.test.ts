import { findProtocol } from '@chaosproxy/protocols'
import { describe, expect, test } from 'vitest'
import { protocolFrom } from '../../src/user-files/protocol-file.ts'

const mine = (clocks: unknown) =>
  protocolFrom({ name: 'mine', create: findProtocol('raft')!.create, clocks }, 'mine.mjs')

describe('the clock bounds declared by a user’s protocol', () => {
  test('a protocol of a user may declare clock bounds as values or as a function of the settings', () => {
    const { clocks } = mine((settings: { readonly slack: number }) => ({ drift: 1 + settings.slack }))
    expect(typeof clocks === 'function' && clocks({ slack: 0.25 })).toEqual({ drift: 1.25 })
    expect(mine({ drift: 1.1, jumpMs: 50 }).clocks).toEqual({ drift: 1.1, jumpMs: 50 })
    expect(mine(undefined).clocks).toBeUndefined()
  })

  test.each([
    [1.25, 'mine.mjs: "clocks" is 1.25, not { drift, jumpMs }'],
    [{ drift: 0.2 }, 'has the drift 0.2: give the highest ratio between the speeds of two clocks, such as 1.25'],
    [{ drift: '20%' }, 'has the drift "20%"'],
    [{ jumpMs: -5 }, 'has the jumpMs -5: give 0 or more'],
  ])('clock bounds of a user’s protocol are refused with a reason if declared as %j', (clocks, reason) => {
    expect(() => mine(clocks)).toThrow(reason)
    const { clocks: computed } = mine(() => clocks)
    expect(() => typeof computed === 'function' && computed({})).toThrow(reason)
  })
})
