import { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { kv } from '../../../../testing/src/containers/kv.ts'
import { wordsOf } from '../../../src/command/words.ts'
import { targetOf } from '../../cluster/clusters.ts'

function refusalOf(declaration: unknown): string {
  try {
    targetOf(declaration)
  } catch (error) {
    if (error instanceof UserError && error.code !== 'environment') return error.message
    throw error
  }
  throw new Error('it was not refused')
}

const { client } = kv
const address = { addresses: { client: '127.0.0.1:7001' } }
const running = { nodes: [address, { addresses: { client: '127.0.0.1:7002' } }], client }
const link = { from: 'n1', to: 'n2', listen: '127.0.0.1:1', reach: '127.0.0.1:2' }

describe('the declaration of a cluster', () => {
  test.each([
    [{ ...kv, comand: 'node' }, 'there is no member comand. Did you mean command?'],
    [
      { ...kv, values: { peer: 'http://{peer.n1}' } },
      'values.peer: a value cannot contain {peer.n1}. Write {peer.n1} directly in the command',
    ],
    [
      { ...running, nodes: [{ ...address, values: { at: '{address.client}' } }, running.nodes[1]] },
      'nodes[0].values.at: a value cannot contain {address.client}',
    ],
    [{ ...kv, nodes: 0 }, 'nodes must be 1 or more, not 0.'],
    [
      { ...kv, command: undefined },
      'command is missing. Give the command that starts n1, such as "node server.js {listen}".',
    ],
    [{ ...kv, command: 'node "server.js' }, 'command of n1: a quote (") in "node "server.js" does not end.'],
    [
      { ...kv, ready: { by: 'htp', path: '/' } },
      'ready.by must be an object whose "by" is one of tcp, http, log, command',
    ],
    [
      { ...kv, ready: { by: 'http', path: '/', port: 'cleint' } },
      'ready: there is no port cleint. Did you mean client?',
    ],
    [{ ...kv, ready: { by: 'log', pattern: '(' } }, 'ready.pattern must be a regular expression, not "(".'],
    [{ ...kv, role: { ...kv.role, lead: 'x' } }, 'there is no member role.lead. Did you mean leads?'],
    [{ ...kv, ports: ['client', 'client'] }, 'two ports are called client.'],
    [
      { ...kv, ports: ['client', { name: 'peer', carries: 'json' }] },
      '"carries" of port peer: there is no framing "json"',
    ],
    [{ ...kv, client: { kind: 'htp' } }, 'client.kind must be an object with a "kind"'],
    [{ ...kv, client: undefined }, 'client must be an object with a "kind"'],
    [{ ...kv, promises: 'linear' }, 'promises must be one of linearizable'],
    [{ ...kv, settings: { data: { default: 1 } } }, 'settings.data is a built-in setting'],
    [
      { ...running, nodes: [{ addresses: { client: 'there' } }] },
      'nodes[0].addresses.client must be an address such as 127.0.0.1:7001, not "there".',
    ],
    [{ ...running, links: [{ ...link, to: 'n9' }] }, 'links[0]: there is no node n9. The nodes are n1, n2.'],
    [
      { ...running, nodes: [...running.nodes, address], links: [link] },
      'links: n1 and n3 have no link through the proxy',
    ],
    [
      { ...running, faults: { kill: { do: 'docker kill {value.name}', undo: 'true' } } },
      '{value.name}: there is no value for the placeholder {value.name}',
    ],
    ['kv', 'a cluster must be an object, not "kv".'],
  ])(
    'an invalid declaration of a cluster is refused with the location of the error (case %#)',
    (declaration, problem) => {
      expect(refusalOf(declaration)).toContain(`mine.json: ${problem}`)
    },
  )

  test('the declaration of a cluster is refused with one line of text for each of its problems', () => {
    const lines = refusalOf({ ...kv, comand: 'x', data: 'wipe', start: 1 }).split('\n')
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(line).toMatch(/^mine\.json: /)
  })

  test('the declaration of a cluster promises nothing by default, and may declare a promise and settings', () => {
    expect(targetOf(kv).promises({ workload: 'register', object: 'register', settings: {}, faults: [] })).toBe(
      'nothing',
    )
    const target = targetOf({
      ...kv,
      promises: 'linearizable',
      settings: { mode: { default: 'sync', values: ['sync', 'async'] } },
    })
    expect(target.promises({ workload: 'register', object: 'register', settings: {}, faults: [] })).toBe('linearizable')
    expect(target.settings.map(({ name }) => name)).toEqual(['data', 'mode'])
  })

  test('a declared cluster has no links between nodes if no command contains the address of a peer', () => {
    const { lists: _, ...rest } = kv
    const target = targetOf({ ...rest, command: 'node server.js {listen}' })
    expect(target.supports('partition', 'nodes')).toMatchObject({ instead: expect.arrayContaining(['cut-clients']) })
    expect(targetOf(kv).supports('partition', 'nodes')).toBe(true)
  })

  test('a declared cluster accepts message faults if the framing of its messages is declared', () => {
    expect(targetOf(kv).supports('drop-message', 'nodes')).toMatchObject({ not: expect.stringContaining('"carries"') })
    const ports = ['client', { name: 'peer', carries: 'json-lines' }]
    expect(targetOf({ ...kv, ports }).supports('drop-message', 'nodes')).toBe(true)
  })
})

describe('a command line', () => {
  test.each([
    ['node server.js --port 1', ['node', 'server.js', '--port', '1']],
    [`sh -c 'echo "a b"' `, ['sh', '-c', 'echo "a b"']],
    [`a "b c"'d e' ''`, ['a', 'b cd e', '']],
    ['  node\tx', ['node', 'x']],
  ])('the command line %s is split into words', (text, words) => {
    expect(wordsOf(text, 'here')).toEqual(words)
  })

  test('a command line that names no program is refused', () => {
    expect(() => wordsOf('  ', 'here: command')).toThrow('here: command names no program.')
  })
})
