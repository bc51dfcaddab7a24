import type { Input } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol, protocols } from '../../src/index.ts'
import { createNodes, write } from '../nodes.ts'

const ids = ['n1', 'n2', 'n3']
const read: Input = { f: 'read', key: 'x', value: null }

function nodesOf(name: string) {
  const machine = findProtocol(name)!.create({ bug: undefined, settings: {} })
  const nodes = createNodes(machine, ids)
  return { ...nodes, holds: (id: string, input = read) => machine.holds?.(nodes.state(id), input) }
}

describe('the function "holds" of a protocol', () => {
  test.each([
    ['master-master', ids],
    ['primary-replica', ids],
    ['raft', ids],
    ['ordered-queue', ids],
    ['watch-cache', ids],
    ['single', ['n1']],
    ['lease-lock', ['n2']],
  ])('the function "holds" finds a committed write of %s on exactly the nodes %j', (name, having) => {
    const nodes = nodesOf(name)
    // If a leader is elected, it is n1.
    for (const timer of ['silence', 'election']) nodes.ring('n1', timer)
    nodes.deliver()
    nodes.answer('n1', write('x', 7))
    // Followers learn decisions with the next heartbeat.
    for (let round = 0; round < 2; round++) {
      nodes.ring('n1', 'heartbeat')
      nodes.deliver()
    }
    expect(ids.map((id) => nodes.holds(id))).toEqual(ids.map((id) => (having.includes(id) ? 7 : undefined)))
  })

  test('the function "holds" returns the old value of a node while a change is in transit to the node', () => {
    const nodes = nodesOf('master-master')
    nodes.ask('n1', write('x', 7))
    expect(ids.map((id) => nodes.holds(id))).toEqual([7, null, null])
  })

  test.each(protocols.map(({ name }) => name))(
    'the function "holds" leaves the states of all nodes of %s unchanged',
    (name) => {
      const nodes = nodesOf(name)
      nodes.answer('n1', write('x', 7))
      const before = ids.map((id) => structuredClone(nodes.state(id)))
      for (const id of ids)
        for (const input of [read, write('x', 9), { f: 'no-such-function' }]) nodes.holds(id, input as Input)
      expect(ids.map((id) => nodes.state(id))).toEqual(before)
    },
  )

  test('the function "holds" returns undefined for a request other than a read', () => {
    const nodes = nodesOf('master-master')
    nodes.answer('n1', write('x', 7))
    expect(nodes.holds('n1', write('x', 9))).toBeUndefined()
  })
})
