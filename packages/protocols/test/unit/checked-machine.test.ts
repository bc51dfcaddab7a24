import { type Completion, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { checkedMachine } from '../../src/checked/checked-machine.ts'
import { type AnyMachine, checkedProtocol, findProtocol, MachineError } from '../../src/index.ts'

const NOW = millis(0)
const ok: Completion = { type: 'ok', value: 1 }
const request = (requestId: string) =>
  ({ type: 'request', requestId, input: { f: 'read', key: 'x', value: null } }) as const
const message = (value: unknown) => ({ type: 'message', from: 'n2', message: value }) as const

/** A machine whose steps follow a script. */
function machineThat(step: (state: unknown, event: never) => unknown, start: () => unknown = () => ({ n: 0 })) {
  const machine = {
    start: () => ({ state: start(), effects: [] }),
    step: (state: unknown, event: never) => ({ state, effects: step(state, event) }),
    status: () => ({ role: 'copy', leads: false }),
  }
  return checkedMachine(machine as unknown as AnyMachine)
}

const setting = { id: 'n1', peers: ['n2', 'n3'], seed: 1 }
const started = (machine: AnyMachine) => machine.start(setting, [], NOW).state

describe('checkedMachine', () => {
  test('checkedMachine keeps the content of a sent message if the objects in it change later', () => {
    const shared = { list: [1] }
    const machine = machineThat(() => [{ type: 'send', to: 'n2', message: shared }])
    const { effects } = machine.step(started(machine), request('r1'), NOW, NOW)
    shared.list.push(2)
    expect(effects).toEqual([{ type: 'send', to: 'n2', message: { list: [1] } }])
  })

  test('checkedMachine gives a node a copy of its journal, which changes by the node do not affect', () => {
    const record = { list: [1] }
    const machine = checkedMachine({
      start: (_, journal) => {
        journal[0].list.push(2)
        return { state: journal, effects: [] }
      },
      step: (state) => ({ state, effects: [] }),
      status: () => ({ role: 'copy', leads: false }),
    })
    machine.start(setting, [record], NOW)
    expect(record).toEqual({ list: [1] })
  })

  test('checkedMachine lets a node keep the content of a message and change it in a later step', () => {
    const machine = machineThat((state, event: { type: string; message: { list: number[] } }) => {
      const kept = state as { list?: number[] }
      if (event.type === 'message') kept.list = event.message.list
      else kept.list?.push(2)
      return []
    })
    const state = started(machine)
    machine.step(state, message({ list: [1] }), NOW, NOW)
    expect(() => machine.step(state, request('r1'), NOW, NOW)).not.toThrow()
  })

  test('checkedMachine ignores a second reply to a duplicated message, and rejects any other second reply', () => {
    const machine = machineThat((_, event: { type: string }) =>
      event.type === 'message' ? [{ type: 'reply', requestId: 'r1', result: ok }] : [],
    )
    const state = started(machine)
    machine.step(state, request('r1'), NOW, NOW)
    expect(machine.step(state, message('done'), NOW, NOW).effects).toHaveLength(1)
    expect(machine.step(state, message('done'), NOW, NOW).effects).toEqual([])
    expect(() => machine.step(state, message('done again'), NOW, NOW)).toThrow(
      'n1 replied a second time to the request "r1"',
    )
  })

  test('checkedMachine drops a reply to a request from before a restart, and rejects a reply to an unknown request', () => {
    const machine = machineThat((_, event: { type: string; message: string }) =>
      event.type === 'message' ? [{ type: 'reply', requestId: event.message, result: ok }] : [],
    )
    machine.step(started(machine), request('r1'), NOW, NOW)
    const state = started(machine)
    expect(machine.step(state, message('r1'), NOW, NOW).effects).toEqual([])
    expect(() => machine.step(state, message('r2'), NOW, NOW)).toThrow(
      'n1 replied to "r2", a request that it never got',
    )
  })

  test('checkedMachine reports an error once if it occurs at two events', () => {
    const kindOn = (value: string) => {
      const machine = machineThat(() => [{ type: 'send', to: 'n9', message: 1 }])
      try {
        machine.step(started(machine), message(value), NOW, NOW)
      } catch (error) {
        return (error as MachineError).mistake
      }
      return undefined
    }
    expect(kindOn('one')).toBeDefined()
    expect(kindOn('one')).toBe(kindOn('other'))
  })

  test('checkedMachine passes the state of the protocol to an invariant, and names the invariant if it throws', () => {
    const seen: unknown[] = []
    const protocol = checkedProtocol({
      ...findProtocol('master-master')!,
      invariants: [
        {
          name: 'odd',
          watch: () => () => (state) => {
            seen.push(state)
            throw new Error('no')
          },
        },
      ],
    })
    const { state } = protocol.create({ settings: {} }).start(setting, [], NOW)
    const watch = protocol.invariants![0]!.watch()('n1')
    expect(() => watch(state, undefined, [])).toThrow(MachineError)
    expect(() => watch(state, undefined, [])).toThrow('n1 threw from "odd" on its start: no')
    expect(seen[0]).toMatchObject({ versions: new Map() })
  })
})
