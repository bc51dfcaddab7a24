import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const server = join(root, 'packages', 'testing', 'src', 'containers', 'kv-server.mjs')

/** The key-value service with three processes, declared in a file. `flags` are options of the service. */
function declared(flags: readonly string[] = [], changes: object = {}) {
  const directory = temporaryDirectory()
  const command = [process.execPath, server, '--name', '{node}', '--data', '{data}', '--listen', '{listen.client}']
  const declaration = {
    nodes: 3,
    command: [...command, '--peer', '{listen.peer}', '--peers', '{list.peers}', ...flags],
    ports: ['client', 'peer'],
    lists: { peers: { of: 'peers', each: '{name}={peer}' } },
    ready: { by: 'http', path: '/health' },
    role: { by: 'http', path: '/role', leads: 'primary' },
    client: { kind: 'http', routes: 'routes.json' },
    ...changes,
  }
  const routes = [
    { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
    { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
  ]
  writeFileSync(join(directory, 'routes.json'), JSON.stringify({ routes }))
  writeFileSync(join(directory, 'kv.json'), JSON.stringify(declaration))
  return directory
}

function scheduleIn(directory: string, faults: readonly object[]): string {
  writeFileSync(join(directory, 'faults.json'), JSON.stringify(faults))
  return './faults.json'
}

const run = (...rest: string[]) => [
  'run',
  '--target',
  './kv.json',
  '--rate',
  '150',
  '--clients',
  '6',
  '--keys',
  '3',
  ...rest,
]

/** Processes with this text in their command line or environment. */
const processesOf = (text: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text)
    } catch {
      return false
    }
  })

async function nothingLeft(directory: string): Promise<void> {
  const results = join(directory, 'chaos-results')
  const dataDirs = () => readdirSync(results).filter((name) => existsSync(join(results, name, 'data', 'n1')))
  await expect.poll(() => [...processesOf(directory), ...dataDirs()], { timeout: 30_000 }).toEqual([])
}

describe("a cluster declared in a user's file", () => {
  patientTest('a declared cluster is linearizable while its nodes are killed, paused and partitioned', async () => {
    const cwd = declared()
    const faults = scheduleIn(cwd, [
      { fromMs: 500, toMs: 1_500, kind: 'kill', nodes: ['n2'] },
      { fromMs: 3_000, toMs: 4_000, kind: 'pause', nodes: ['n3'] },
      { fromMs: 5_000, toMs: 6_000, kind: 'partition', links: 'isolate-leader', mode: 'hold' },
    ])
    const { exitCode, stdout } = await chaos(
      run('--time', '7s', '--faults', faults, '--seed', '1', '--expect', 'linearizable'),
      { cwd },
    )
    expect(stdout).toContain('expected linearizable, found linearizable')
    expect(stdout).toContain('1 of 1 kill')
    // On a very busy machine the run may prove less than expected. The report then says so.
    expect(exitCode, stdout).toBe(stdout.includes('proves less') ? 2 : 0)
    expect(stdout).toMatch(/again +npx chaos run --spec/)
    await nothingLeft(cwd)
  })

  patientTest('stale reads from lagging replicas of a declared cluster are reported', async () => {
    const cwd = declared(['--async', '--local'])
    const { exitCode, stdout } = await chaos(
      run('--time', '3s', '--faults', 'delay', '--seed', '1', '--expect', 'linearizable'),
      { cwd },
    )
    expect(stdout).toMatch(/NOT LINEARIZABLE|not linearizable/i)
    expect(exitCode).toBe(1)
    await nothingLeft(cwd)
  })

  patientTest(
    'a lost replication request of a declared cluster is in the summary, the drawing and the explanation',
    async () => {
      const cwd = declared(['--async', '--local'])
      const links = [{ from: 'n1', to: 'n3' }]
      const faults = scheduleIn(cwd, [{ fromMs: 500, toMs: 4_000, kind: 'partition', links, mode: 'drop' }])
      const slowly = ['--target', './kv.json', '--rate', '60', '--clients', '6', '--keys', '3', '--time', '4s']
      let stdout = ''
      let lost: string | undefined
      // If a partition drops a message before the proxy has read it, the report does not show the content of the
      // message. This is more likely on a busy machine.
      for (let seed = 1; seed <= 6 && lost === undefined; seed++) {
        rmSync(join(cwd, 'chaos-results'), { recursive: true, force: true })
        stdout = (await chaos(['run', ...slowly, '--faults', faults, '--seed', String(seed)], { cwd })).stdout
        lost = /n1 → n3: POST \/replicate with \w = \d+, sent at [\d.]+ s, lost \(partition\)/.exec(stdout)?.[0]
      }
      expect(lost, stdout).toBeDefined()
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/The message with \w = \d+ to n3 was lost \(partition\)/)
      const [result = ''] = readdirSync(join(cwd, 'chaos-results')).filter((name) => name.endsWith('-kv'))
      const directory = join(cwd, 'chaos-results', result)
      expect(readFileSync(join(directory, 'report.html'), 'utf8')).toContain('<g class="message lost">')
      expect((await chaos(['explain', directory], { cwd })).stdout).toContain(lost!)
      const { heard } = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8'))
      expect(JSON.stringify(heard).length).toBeLessThan(100_000)
      await nothingLeft(cwd)
    },
  )

  test.each([
    [{ comand: 'node' }, 3, './kv.json: there is no member comand. Did you mean command?'],
    [{ command: 'node x.js {lisen}' }, 3, 'Did you mean {listen}?'],
    [{ nodes: 1, command: ['/bin/sh', '-c', 'echo "no licence found"; exit 7'] }, 4, '  no licence found'],
    [{ nodes: 1, command: ['no-such-server'], files: {} }, 4, 'there is no program no-such-server'],
    [{ role: { by: 'http', path: '/role', leads: 'master' }, readyWithinMs: 6_000 }, 4, 'no node leads after 6000 ms'],
    [{ files: { 'data.json': '{"x":17}' } }, 4, 'n1 holds data already: a read of x before the run returned 17'],
    [{ client: { kind: 'http', routes: 'rutes.json' } }, 3, '"routes" is "rutes.json"'],
  ])("a cluster in a user's file is refused if the declaration is invalid: %j", async (changes, code, message) => {
    const cwd = declared([], changes)
    const { exitCode, stderr } = await chaosHere(run('--time', '1s', '--faults', 'none'), { cwd })
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('bug in chaos')
    expect(exitCode).toBe(code)
    expect(processesOf(cwd)).toEqual([])
  })

  test('a cluster may start with data if the data equals the initial values of the route table', async () => {
    const routes = JSON.parse(readFileSync(join(declared(), 'routes.json'), 'utf8'))
    const client = { kind: 'http', routes: { ...routes, initial: { value: 17 } } }
    const cwd = declared([], { client, files: { 'data.json': '{"x":17,"y":17,"z":17}' } })
    const { exitCode, stdout, stderr } = await chaosHere(run('--time', '2s', '--faults', 'none'), { cwd })
    expect(stderr).not.toContain('holds data already')
    expect(exitCode, stdout).toBe(0)
    const [result = ''] = readdirSync(join(cwd, 'chaos-results')).filter((name) => name.endsWith('-kv'))
    const history = readFileSync(join(cwd, 'chaos-results', result, 'history.jsonl'), 'utf8')
    expect(JSON.parse(history.slice(0, history.indexOf('\n')))).toMatchObject({ initial: 17 })
  })

  test('a declared cluster refuses a fault that cannot be injected into it, with the reason', async () => {
    const cwd = declared([], {
      command: [process.execPath, server, '--name', 'n1', '--data', '{data}', '--listen', '{listen}'],
    })
    const { exitCode, stderr } = await chaosHere(run('--faults', 'partition'), { cwd })
    expect(stderr).toContain('kv cannot suffer partition: its nodes do not dial each other through the proxy')
    expect(exitCode).toBe(3)
  })

  patientTest.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('a run of a declared cluster leaves nothing behind when chaos receives %s', async (signal, code) => {
    const cwd = declared()
    const { child, finished } = startChaos(run('--time', '60s', '--faults', 'kill,pause', '--seed', '1'), { cwd })
    const ready = new Promise<void>((resolve) => {
      let said = ''
      child.stderr?.on('data', (chunk) => {
        said += chunk
        if (said.includes('cluster ready')) resolve()
      })
    })
    await ready
    expect(processesOf(cwd).length).toBeGreaterThanOrEqual(3)
    child.kill(signal)
    expect((await finished).exitCode).toBe(code)
    await nothingLeft(cwd)
  })
})
