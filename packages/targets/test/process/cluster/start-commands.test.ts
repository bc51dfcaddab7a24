import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { kv } from '../../../../testing/src/containers/kv.ts'
import { eventually } from '../../../../testing/src/real-cluster.ts'
import { serveFromNothing } from '../../../src/cluster/serve-from-nothing.ts'
import { declaredClusters, targetOf } from '../../cluster/clusters.ts'

const { start, directory } = declaredClusters()
const ok = (value: number | null) => ({ type: 'ok', value })
const both = [
  { from: 'n1', to: 'n3' },
  { from: 'n3', to: 'n1' },
]

describe("a cluster started by the user's commands", () => {
  test('the nodes of a cluster started by commands serve clients, and replicate writes to each other', async () => {
    const { write, read, cluster } = await start(kv)
    expect(await write('n2', 'x', 7)).toEqual(ok(7))
    expect(await read('n3', 'x')).toEqual(ok(7))
    expect(cluster.leader()).toBe('n1')
  })

  test('a cluster replicates over a cut link only after the heal', async () => {
    const { write, read, inject } = await start({ ...kv, command: [...kv.command, '--async', '--local'] })
    const heal = await inject({ kind: 'partition', links: both, mode: 'hold' })
    expect(await write('n1', 'x', 7)).toEqual(ok(7))
    await eventually(async () => expect(await read('n2', 'x')).toEqual(ok(7)))
    expect(await read('n3', 'x')).toEqual(ok(null))
    expect(await heal()).toMatchObject({ type: 'healed' })
    await eventually(async () => expect(await read('n3', 'x')).toEqual(ok(7)))
  })

  test('a killed node of a cluster restarts with its data', async () => {
    const { write, read, inject, cluster } = await start(kv)
    await write('n1', 'x', 7)
    const heal = await inject({ kind: 'kill', nodes: ['n1'] })
    expect(await write('n2', 'x', 8)).toMatchObject({ type: 'info' })
    expect(await read('n1', 'x')).toMatchObject({ type: 'fail' })
    expect(cluster.status().get('n1')).toBeUndefined()
    expect(await heal()).toEqual({ type: 'healed', hits: 1 })
    expect(await read('n1', 'x')).toMatchObject({ type: 'ok' })
    await eventually(async () => expect(cluster.leader()).toBe('n1'))
  })

  test('a killed node restarts without data if the setting "data" is "wiped"', async () => {
    const { write, read, inject } = await start(kv, { settings: { data: 'wiped' } })
    await write('n1', 'x', 7)
    const heal = await inject({ kind: 'kill', nodes: ['n1'] })
    await heal()
    expect(await read('n1', 'x')).toEqual(ok(null))
  })

  test('a paused node replies after the pause', async () => {
    const { ask, read, inject } = await start(kv)
    const heal = await inject({ kind: 'pause', nodes: ['n1'] })
    expect(await ask('n1', { f: 'read', key: 'x', value: null }, 100)).toMatchObject({ type: 'fail' })
    expect(await heal()).toEqual({ type: 'healed', hits: 1 })
    expect(await read('n1', 'x')).toEqual(ok(null))
  })

  test('a failover runs the declared command, and fills in the placeholders for the chosen node', async () => {
    const said = join(directory(), 'said')
    const note = (text: string) => ['/bin/sh', '-c', `echo ${text} >> ${said}`]
    const failover = { do: note('{node} at {listen.client}'), undo: note('{node} back') }
    const { inject, cluster } = await start({ ...kv, faults: { failover } })
    const heal = await inject({ kind: 'failover', nodes: ['n2'] })
    await heal()
    expect(readFileSync(said, 'utf8')).toMatch(/^n2 at 127\.0\.0\.1:\d+\nn2 back\n$/)
    expect(cluster.trouble()).toEqual([])
  })

  test('a failover whose command fails counts no hit', async () => {
    const { inject } = await start({ ...kv, faults: { failover: { do: 'false' } } })
    const heal = await inject({ kind: 'failover', nodes: ['n2'] })
    expect(await heal()).toEqual({ type: 'healed', hits: 0 })
  })

  test('failovers that are requested at the same time run one after another', async () => {
    const said = join(directory(), 'said')
    const slow = `test ! -e ${said}.busy && : > ${said}.busy && echo {node} >> ${said} && sleep 0.1 && rm ${said}.busy`
    const { inject } = await start({ ...kv, faults: { failover: { do: ['/bin/sh', '-c', slow] } } })
    const heals = await Promise.all([
      inject({ kind: 'failover', nodes: ['n1', 'n2'] }),
      inject({ kind: 'failover', nodes: ['n2'] }),
    ])
    expect(await Promise.all(heals.map((heal) => heal()))).toEqual([
      { type: 'healed', hits: 2 },
      { type: 'healed', hits: 1 },
    ])
    expect(readFileSync(said, 'utf8')).toBe('n1\nn2\nn2\n')
  })

  test('a failover fault is refused if the declaration has no failover command', () => {
    expect(targetOf(kv).supports('failover')).toMatchObject({ not: expect.stringContaining('"failover"') })
    expect(targetOf({ ...kv, faults: { failover: { do: 'true' } } }).supports('failover')).toBe(true)
  })

  test('an unknown placeholder in the failover command is refused before anything starts', async () => {
    await expect(start({ ...kv, faults: { failover: { do: 'promote {peeer.n1}' } } })).rejects.toThrow('{peeer.n1}')
  })

  test('a cluster accepts faults of single requests if its clients speak HTTP', async () => {
    const { write, read, inject } = await start(kv)
    const heal = await inject({ kind: 'lose-reply', silence: 'reset', links: [{ from: 'clients', to: 'n1' }] })
    expect(await write('n1', 'x', 7)).toMatchObject({ type: 'info' })
    expect(await heal()).toMatchObject({ type: 'healed', hits: 1 })
    expect(await read('n1', 'x')).toEqual(ok(7))
  })

  test('each node has its own address if "ownAddresses" is true', async () => {
    const command = [...kv.command.slice(0, 2), '--name', '{node}', ...kv.command.slice(4)]
    const { write, runDir } = await start({ ...kv, command, ownAddresses: true, files: { address: '{host}' } })
    expect(await write('n2', 'x', 7)).toEqual(ok(7))
    const hosts = ['n1', 'n2', 'n3'].map((node) => readFileSync(join(runDir, 'data', node, 'address'), 'utf8'))
    expect(new Set(hosts).size).toBe(3)
    for (const host of hosts) expect(host).toMatch(/^127\.\d+\.\d+\.\d+$/)
  })

  test('a node with its own address listens on the port that the node announces', async () => {
    const ports = ['client', { name: 'peer', announced: true }]
    const files = { ports: '{announced-port.peer} {listen-port.peer}' }
    const command = [...kv.command.slice(0, 2), '--name', '{node}', ...kv.command.slice(4)]
    const { write, runDir } = await start({ ...kv, command, ports, files, ownAddresses: true })
    expect(await write('n2', 'x', 7)).toEqual(ok(7))
    const [announced, own] = readFileSync(join(runDir, 'data', 'n1', 'ports'), 'utf8').split(' ')
    expect(own).toBe(announced)
  })

  test('the proxy identifies the dialling peer even if a node announces one address to all peers', async () => {
    const lists = { peers: { of: 'peers', each: '{name}={announced.peer}' } }
    const ports = ['client', { name: 'peer', announced: true }]
    const { write, read, inject } = await start({ ...kv, ports, lists, command: [...kv.command, '--async', '--local'] })
    const heal = await inject({ kind: 'partition', links: both, mode: 'hold' })
    expect(await write('n1', 'x', 7)).toEqual(ok(7))
    await eventually(async () => expect(await read('n2', 'x')).toEqual(ok(7)))
    expect(await read('n3', 'x')).toEqual(ok(null))
    await heal()
    await eventually(async () => expect(await read('n3', 'x')).toEqual(ok(7)))
  })

  test('a cluster runs the "before" commands during its start, and replaces their placeholders', async () => {
    const before = [['/bin/sh', '-c', 'echo joined {client.n1} {node.n1.peer} {node.n2}']]
    const { runDir, cluster } = await start({ ...kv, before })
    expect(readFileSync(join(runDir, 'logs', 'before.log'), 'utf8')).toMatch(
      new RegExp(`^joined 127.0.0.1:${cluster.clientAddress('n1').port} 127.0.0.1:\\d+ 127.0.0.1:\\d+\n$`),
    )
  })
})

describe('the start of a cluster', () => {
  test('the start of a cluster reports the last lines of a node that exits immediately', async () => {
    const nodes = [{}, { command: ['/bin/sh', '-c', 'echo "no licence found" >&2; exit 7'] }]
    await expect(start({ ...kv, nodes })).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(
        /^n2 did not start \(exit code 7\)\. The last lines of its log:\n {2}no licence found\n/,
      ),
    })
  })

  test('the start of a cluster suggests the nearest name for an unknown placeholder', async () => {
    const command = ['node', 'server.js', '--listen', '{listen.cleint}']
    await expect(start({ ...kv, command })).rejects.toMatchObject({
      code: 'input',
      message: expect.stringContaining(
        'mine.json: {listen.cleint}: there is no value for the placeholder {listen.cleint}. Did you mean {listen.client}?',
      ),
    })
  })

  test('the start of a cluster reports what each node answered if no node claims to lead', async () => {
    const role = { ...kv.role, leads: 'master' }
    await expect(start({ ...kv, role, readyWithinMs: 1_500 })).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(
        /no node leads after 1500 ms: no answer matches \/master\/ \(n1 answers "200 \{"role":"primary"\}"; n2 answers/,
      ),
    })
  })

  test("the start of a cluster reports the clients' errors if no node answers a read", async () => {
    const command = ['/bin/sh', '-c', 'echo up; exec sleep 300']
    const ready = { by: 'log', pattern: '^up' }
    const mute = { ...kv, nodes: 1, command, ready, role: undefined, readyWithinMs: 1_500 }
    await expect(start(mute)).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(
        /^no node answered a read of x \(GET \/items\/x; n1: .*refused\) in the 1500 ms after the nodes were ready\. Check the nodes' logs \(\S+\/n1\.log\), /,
      ),
    })
  })

  test('the start of a cluster reports immediately that every node has ended, with its last output', async () => {
    const script =
      "require('node:net').createServer((c) => { console.log('out of luck'); process.exit(3) }).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('up'))"
    const command = [process.execPath, '-e', script, '{port}']
    const brief = { ...kv, nodes: 1, command, ready: { by: 'log', pattern: '^up' }, role: undefined }
    await expect(start(brief)).rejects.toMatchObject({
      message: expect.stringMatching(/^every node has ended\nn1 ended by itself \(exit code 3\).* out of luck/),
    })
  })

  test('the start of a cluster reports after 4 s which read the nodes have not answered', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const waits: string[] = []
    const answers = ['status 503 {"error":"warming up"}', 'status 404']
    await serveFromNothing({
      nodes: ['n1'],
      logDir: '',
      operations: {
        functions: ['read'],
        reads: ['read'],
        initial: null,
        before: [{ f: 'read', key: 'x', value: null }],
      },
      connect: () => ({
        invoke(_, __, completed) {
          completed({ type: 'fail', error: (waits.length === 0 ? answers[0] : answers[1]) ?? '' })
          vi.advanceTimersByTime(1_000)
        },
        close() {},
      }),
      ...{ timeoutMs: 30_000, broken: () => undefined, isAlive: () => true, remedy: '' },
      requestOf: ({ key }) => `GET /kv/${key}`,
      waits: (text) => void waits.push(text),
    })
    expect(waits).toEqual([
      'no node has answered a read of x (GET /kv/x; n1: status 503 {"error":"warming up"}) for 4 s (limit: 30 s).',
    ])
  })

  test('the start of a cluster fails if a node holds data that the run did not write', async () => {
    const files = { 'data.json': '{"x":17}' }
    await expect(start({ ...kv, files })).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(/^n1 holds data already: a read of x before the run returned 17, not null\./),
    })
  })

  test.each([
    ['a value that objects begin with', 17, 17, 'serves'],
    ['any value where nothing is known of the beginning', 'unknown', 17, 'serves'],
    ['another empty value where objects begin empty', 0, null, 'serves'],
    ['an empty value where objects begin with another', 17, 0, 'returned 0, not 17'],
  ])(
    'the start of a cluster checks existing data: %s (initial value %j, first read %j, result: %s)',
    async (_, initial, value, expected) => {
      const serving = serveFromNothing({
        nodes: ['n1'],
        logDir: '',
        operations: { functions: ['read'], reads: ['read'], initial, before: [{ f: 'read', key: 'x', value: null }] },
        connect: () => ({ invoke: (_, __, completed) => completed({ type: 'ok', value }), close() {} }),
        ...{ timeoutMs: 30_000, broken: () => undefined, isAlive: () => true, remedy: '' },
      })
      const said = await serving.then(
        () => 'serves',
        (error: Error) => error.message,
      )
      expect(said).toContain(expected)
    },
  )

  test('the start of a cluster can be aborted', async () => {
    const giveUp = new AbortController()
    const role = { ...kv.role, leads: 'nobody' }
    const starting = start({ ...kv, role }, { signal: giveUp.signal })
    giveUp.abort()
    await expect(starting).rejects.toMatchObject({ message: 'the start of the cluster was aborted' })
  })

  test('the start of a cluster reports a failed "before" command with the last lines of its log', async () => {
    await expect(start({ ...kv, before: [['/bin/sh', '-c', 'echo "no quorum"; exit 3']] })).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(
        /^mine\.json: before: .* failed \(exit code 3\)\. The last lines of its log:\n {2}no quorum\n/,
      ),
    })
  })
})
