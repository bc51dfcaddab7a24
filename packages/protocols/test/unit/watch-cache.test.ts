import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('watch-cache')!

/** n1 is the store, n2 and n3 are API servers. */
function cluster({
  bug,
  ...settings
}: {
  bug?: string | undefined
  [setting: string]: string | number | boolean | undefined
} = {}) {
  const nodes = createNodes(protocol.create({ bug, settings: settings as never }), ['n1', 'n2', 'n3'])
  nodes.deliver()
  return nodes
}

test('a restarted cache answers reads only after a list request has loaded the content of the store', () => {
  const nodes = cluster()
  expect(nodes.answer('n2', write('x', 1))).toEqual(ok(1))
  expect(nodes.reply(nodes.ask('n3', read('x')))).toEqual(ok(1))
  nodes.kill('n3')
  nodes.restart('n3')
  expect(nodes.reply(nodes.ask('n3', read('x')))).toEqual({ type: 'fail', error: 'unavailable' })
  nodes.deliver()
  expect(nodes.reply(nodes.ask('n3', read('x')))).toEqual(ok(1))
})

test('a client that moves to another API server may read older values', () => {
  const nodes = cluster()
  nodes.ask('n1', write('x', 1))
  nodes.deliver(({ to }) => to === 'n2')
  expect(nodes.reply(nodes.ask('n2', read('x')))).toEqual(ok(1))
  expect(nodes.reply(nodes.ask('n3', read('x')))).toEqual(ok(null))
})

test('a consistent read waits until the cache has reached the revision of the store', () => {
  const nodes = cluster({ reads: 'consistent' })
  nodes.ask('n1', write('x', 1))
  const late = nodes.lose(({ to }) => to === 'n3')
  const request = nodes.ask('n3', read('x'))
  nodes.deliver()
  expect(nodes.reply(request)).toBeUndefined()
  nodes.hand(late[0]!)
  expect(nodes.reply(request)).toEqual(ok(1))
})

test('a watch with a gap resumes after the last change that arrived, except with the bug resume-at-latest', () => {
  const last = (bug?: string) => {
    const nodes = cluster({ bug })
    nodes.ask('n1', write('x', 1))
    nodes.lose()
    nodes.ask('n1', write('y', 2))
    nodes.deliver()
    return [nodes.reply(nodes.ask('n3', read('x'))), nodes.reply(nodes.ask('n3', read('y')))]
  }
  expect(last()).toEqual([ok(1), ok(2)])
  expect(last('resume-at-latest')).toEqual([ok(null), ok(2)])
})

test('a cache sends a new list request if compaction ends its watch, except with the bug ignore-compaction', () => {
  const last = (bug?: string) => {
    const nodes = cluster({ history: 2, bug })
    nodes.ask('n1', write('x', 1))
    for (const value of [2, 3, 4]) nodes.ask('n1', write('y', value))
    nodes.lose()
    nodes.ring('n3', 'resync')
    nodes.deliver()
    return [nodes.reply(nodes.ask('n3', read('x'))), nodes.reply(nodes.ask('n3', read('y')))]
  }
  expect(last()).toEqual([ok(1), ok(4)])
  expect(last('ignore-compaction')).toEqual([ok(null), ok(4)])
})
