import { findProtocol, functionsOf, type ProtocolModule } from '@chaosproxy/protocols'
import { describe, expect, test } from 'vitest'
import { protocolFrom } from '../../src/user-files/protocol-file.ts'

const mine = (members: object) =>
  protocolFrom({ name: 'mine', create: findProtocol('raft')!.create, ...members }, 'mine.mjs')

describe('a user’s protocol', () => {
  test.each([
    [{}, ['register'], 'read, append, write, cas'],
    [{ objects: ['set'] }, ['set'], 'add, contains, remove, read'],
    [{ objects: ['set', 'queue'], functions: ['add'] }, ['set', 'queue'], 'add'],
    [{ objects: ['stack'], functions: ['push', 'pop'] }, ['stack'], 'push, pop'],
  ] satisfies readonly [Partial<ProtocolModule>, readonly string[], string][])(
    'a protocol of a user that declares the members %j implements the objects %j',
    (members, objects, functions) => {
      const protocol = mine(members)
      expect(protocol.objects).toEqual(objects)
      expect([...functionsOf(protocol, {})].sort()).toEqual(functions.split(', ').sort())
    },
  )

  test('a protocol with the functions add and read, but without declared objects, accepts the workload counter', () => {
    expect(mine({ functions: ['add', 'read'] }).objects).toContain('counter')
  })

  test.each([
    [{ objects: ['sett'] }, '"objects" has the unknown object "sett". Did you mean set?'],
    [{ notUnder: ['kil'] }, '"notUnder" has "kil", which is not a kind of fault. Did you mean kill?'],
    [{ knobs: [] }, 'rename "knobs" to "settings"'],
    [
      { bugs: [{ name: 'late', summary: '', under: { knobs: {} } }] },
      'the bug "late" has "knobs": rename it to "settings"',
    ],
    [{ notUnder: 'kill' }, '"notUnder" is "kill", not a list of kinds of fault'],
  ])('a user’s protocol with the members %j is refused with a reason', (members, reason) => {
    expect(() => mine(members)).toThrow(reason)
  })

  test('a user’s protocol may compute from its settings which faults its promise excludes', () => {
    const { notUnder } = mine({ notUnder: ({ strict }: { strict?: boolean }) => (strict ? [] : ['kil']) })
    const asked = (strict: boolean) => typeof notUnder === 'function' && notUnder({ strict })
    expect(asked(true)).toEqual([])
    expect(() => asked(false)).toThrow('Did you mean kill?')
  })
})
