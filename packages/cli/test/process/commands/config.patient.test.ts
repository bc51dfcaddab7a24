import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from 'chaosproxy'
import { describe, expect } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

/** Creates a user's project in a directory from which Node finds no `node_modules` with this program. */
function project(files: { readonly [name: string]: string | object }): string {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), typeof text === 'string' ? text : JSON.stringify(text))
  }
  return directory
}

const SHORT = `timeMs: 1000, rate: 200, clients: 4, faults: ['partition'], seed: 7`
const CONFIG = `
import { defineConfig } from 'chaosproxy'
export default defineConfig({
  target: 'sim:raft', ${SHORT}, out: 'results',
  workloads: { mine: './work/mine.ts' },
  runs: {
    nightly: { timeMs: 1500, workload: 'mine' },
    weak: { target: { name: 'sim:primary-replica', settings: { sync: 0 } }, expect: 'none' },
  },
})`
const MINE = `
export default {
  name: 'mine', model: 'register', functions: ['read', 'write'], reads: ['read'],
  create() {
    let last = 0
    return { client: (random) => ({ next: () => random.chance(0.5) ? { f: 'read', key: 'x', value: null } : { f: 'write', key: 'x', value: ++last } }) }
  },
}`

const SHOP = {
  nodes: 1,
  command: 'node shop.mjs {listen}',
  client: { kind: 'http', routes: { routes: [{ request: 'GET /{key}', f: 'read', result: 'json.item' }] } },
}

async function specsOf(cwd: string, ...args: readonly string[]) {
  const { stdout, stderr, exitCode } = await chaosHere(['run', ...args, '--json'], { cwd })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const { run: directory } = JSON.parse(stdout)
  return { directory, record: JSON.parse(readFileSync(join(cwd, directory, 'run.json'), 'utf8')) }
}

describe('chaos run with a chaos.config.ts', () => {
  patientTest('chaos run takes the settings of every run from the configuration', async () => {
    const cwd = project({ 'chaos.config.ts': CONFIG, 'work/mine.ts': MINE })
    const { record, directory } = await specsOf(cwd)
    expect(record.spec).toMatchObject({ target: { name: 'sim:raft' }, timeMs: 1000, rate: 200, seed: 7 })
    expect(directory).toMatch(/^results[\\/]/)
  })

  test('a named run and its workload are resolved from the configuration, and options override both', async () => {
    const cwd = project({ 'sub/chaos.config.ts': CONFIG, 'sub/work/mine.ts': MINE })
    const { record } = await specsOf(cwd, 'nightly', '--config', 'sub/chaos.config.ts', '--seed', '8')
    expect(record.spec).toMatchObject({
      target: { name: 'sim:raft' },
      workload: { name: './sub/work/mine.ts' },
      timeMs: 1500,
      seed: 8,
      faults: ['partition'],
    })
  })

  patientTest('the settings of a configured target are not applied if --target names another target', async () => {
    const cwd = project({ 'chaos.config.ts': CONFIG, 'work/mine.ts': MINE })
    const { record } = await specsOf(cwd, 'weak', '--target', 'raft', '--sim')
    expect(record.spec).toMatchObject({ target: { name: 'sim:raft', settings: {} }, expect: 'none' })
  })

  patientTest(
    'chaos run reads the same settings from JSON, and from JavaScript that exports a plain object',
    async () => {
      const json = { $schema: 'x', target: 'sim:raft', timeMs: 1000, rate: 200, clients: 4, faults: [], seed: 3 }
      const files = [{ 'chaos.config.json': json }, { 'chaos.config.mjs': `export default ${JSON.stringify(json)}` }]
      for (const each of files) {
        const { record } = await specsOf(project(each))
        expect(record.spec).toMatchObject({ target: { name: 'sim:raft' }, timeMs: 1000, seed: 3, faults: [] })
      }
    },
  )
})

describe('an invalid configuration', () => {
  const config = (text: string) => ({ 'chaos.config.ts': text })
  test.each<[string, { readonly [name: string]: string }, readonly string[], string]>([
    ['it throws', config(`throw new Error('no luck')`), [], 'chaos.config.ts does not run: no luck'],
    ['it exports nothing', config('const config = {}'), [], 'chaos.config.ts exports nothing. Write: export default'],
    [
      'it exports undefined',
      config('export default undefined'),
      [],
      'chaos.config.ts exports nothing. Write: export default',
    ],
    [
      'it has no default export',
      config(`export const config = { target: 'raft' }`),
      [],
      'chaos.config.ts exports config, but nothing as its default. Write: export default',
    ],
    ['it ends the process', config('process.exit(0)'), [], 'chaos.config.ts calls process.exit(0) while it is loaded'],
    [
      'an unknown member',
      config(`export default { tiemMs: 5 }`),
      [],
      'chaos.config.ts: there is no member tiemMs. Did you mean timeMs?',
    ],
    [
      'an unknown member of a run',
      config(`export default { runs: { nightly: { fualts: [] } } }`),
      [],
      'chaos.config.ts: there is no member runs.nightly.fualts. Did you mean faults?',
    ],
    [
      'a wrong type',
      config(`export default { nodes: 'five' }`),
      [],
      'nodes must be a whole number from 1 to 25, not "five".',
    ],
    [
      'an unknown target',
      config(`export default { target: 'rafft' }`),
      [],
      'chaos.config.ts: target rafft: there is no such target. Did you mean raft?',
    ],
    [
      'an unknown target of a run',
      config(`export default { target: 'raft', runs: { nightly: { target: 'paxso' } } }`),
      ['nightly'],
      'chaos.config.ts: runs.nightly.target paxso: there is no such target. Did you mean paxos?',
    ],
    [
      'an unknown fault',
      config(`export default { faults: ['kill', 'partitoin'] }`),
      [],
      'chaos.config.ts: faults: partitoin: there is no such fault. Did you mean partition?',
    ],
    ['a number', config('export default 7'), [], 'chaos.config.ts: a configuration must be an object, not 7.'],
    [
      'a name that is taken',
      config(`export default { targets: { raft: './x.json' } }`),
      [],
      'targets.raft: raft is built into chaos',
    ],
    [
      'an unknown run',
      config(`export default { runs: { nightly: {} } }`),
      ['nightli'],
      'chaos.config.ts: there is no run nightli. Did you mean nightly? Known: nightly.',
    ],
    [
      'no configuration at all',
      {},
      ['nightly'],
      'chaos run nightly: chaos took nightly for the name of a run in chaos.config.ts, but this file does not exist',
    ],
    [
      'two of them',
      { 'chaos.config.ts': CONFIG, 'chaos.config.json': '{}' },
      [],
      'are both in this directory. Keep one',
    ],
    ['broken JSON', { 'chaos.config.json': '{"nodes":' }, [], 'chaos.config.json: this is not valid JSON:'],
    ['no such file', {}, ['--config', 'nowhere.ts'], 'nowhere.ts: there is no such file.'],
  ])('an invalid configuration is reported in one line with exit code 3: %s', async (_, files, args, message) => {
    const cwd = project(files)
    const [only, ...others] = Object.keys(files)
    const named = only === undefined || others.length > 0 ? [] : ['--config', only]
    const { stdout, stderr, exitCode } = await chaosHere(['run', ...args, ...named], { cwd })
    const [first = '', ...frames] = stderr.replaceAll(`${cwd}/`, '').trim().split('\n')
    expect(first).toContain(message)
    expect(frames.filter((line) => !line.includes('chaos.config.'))).toEqual([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
  })
})

test('the error of a configuration that throws names the line, and also the column if the loader reports a column', async () => {
  const linesAt = async (text: string) => {
    const cwd = project({ 'chaos.config.ts': text })
    const { stderr } = await chaosHere(['run', '--config', 'chaos.config.ts'], { cwd })
    return stderr
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/.*chaos\.config\.ts/, ''))
  }
  expect(await linesAt(`throw new Error('no luck')`)).toEqual([':1'])
  expect(await linesAt(`export default {}\n  throw new Error('no luck')`)).toEqual([':2:7'])
})

describe('a name defined in a configuration', () => {
  const files = {
    'sub/work/mine.ts': MINE,
    'sub/proto.ts': readFileSync(join(root, 'examples', 'mine.ts'), 'utf8'),
    'sub/chaos.config.ts': `export default {
      target: 'shop',
      targets: { proto: './proto.ts', shop: ${JSON.stringify(SHOP)} },
      workloads: { own: './work/mine.ts', written: { name: 'written', model: 'register', functions: ['read'], create() {} } },
    }`,
  }

  patientTest('a configured name is listed among the targets and workloads', async () => {
    const config = join(project(files), 'sub', 'chaos.config.ts')
    const listed = async (command: string, member: string) => {
      const { stdout, stderr } = await chaosHere([command, '--config', config, '--json'])
      expect(stderr).toBe('')
      return JSON.parse(stdout).map((row: { readonly [name: string]: unknown }) => row[member])
    }
    expect(await listed('targets', 'target')).toEqual(expect.arrayContaining(['raft', 'proto', 'shop']))
    expect(await listed('workloads', 'workload')).toEqual(expect.arrayContaining(['register', 'own', 'written']))
    const { stdout } = await chaosHere(['targets', 'proto', '--faults', '--config', config])
    expect(stdout).toMatch(/✔ partition +/)
  })

  test('a name in the configuration selects the upstream of chaos record if --upstream is not given', async () => {
    const directory = project({
      'routes.json': { routes: [{ request: 'GET /{key}', f: 'read', result: 'body' }] },
      'chaos.config.mjs': `export default { upstreams: {
        app: { upstream: '127.0.0.1:1', as: 'routes.json' }, db: { upstream: '127.0.0.1:2', hurt: false } } }`,
    })
    const config = ['--config', join(directory, 'chaos.config.mjs')]
    const out = ['--out', temporaryDirectory()]
    const recorded = (...args: string[]) => chaosHere(['record', ...config, ...out, ...args, '--', './nowhere'])
    // The only error is the missing command, so all options about the servers were understood.
    const { stderr, exitCode } = await recorded()
    expect(stderr).toContain('2 servers')
    expect(stderr).toContain('there is no program ./nowhere')
    expect(exitCode).toBe(4)
    const { stderr: refused } = await recorded('--faults', 'kill')
    expect(refused).toContain('this run did not start the servers')
    expect((await recorded('--upstream', '127.0.0.1:3')).stderr).toContain('chaos record needs --as')
  })

  test.each([
    [`{ app: {} }`, 'upstreams.app needs exactly one of "upstream"'],
    [`{ app: { upstraem: 'x' } }`, 'there is no member upstreams.app.upstraem. Did you mean upstream?'],
  ])('an invalid named upstream is refused: %s', async (upstreams, message) => {
    const directory = project({ 'chaos.config.mjs': `export default { upstreams: ${upstreams} }` })
    const args = ['record', '--config', join(directory, 'chaos.config.mjs'), '--', 'true']
    const { stderr, exitCode } = await chaosHere(args)
    expect(stderr).toContain(message)
    expect(exitCode).toBe(3)
  })

  patientTest('chaos fuzz finds a configured name, whether it belongs to a protocol or to a workload', async () => {
    const config = join(project(files), 'sub', 'chaos.config.ts')
    const search = ['fuzz', '--config', config, '--target', 'proto', '--workload', 'own', '--out', temporaryDirectory()]
    const { stdout, exitCode } = await chaosHere([...search, '--seeds', '100', '--workers', '1', '--json'])
    expect(exitCode, stdout).toBe(1)
    expect(stdout).toContain('not-linearizable')
  })

  test.each([
    [[], 'shop is not one. Run it for real: chaos run --target shop. Protocols: raft,'],
    [['--target', 'etcd'], 'etcd is not one. Run it for real: chaos run --target etcd.'],
    [['--target', 'raft', '--workload', 'written'], 'the workload written has no file of its own'],
  ])('chaos fuzz refuses a configured name that cannot be simulated: %j', async (args, message) => {
    const config = join(project(files), 'sub', 'chaos.config.ts')
    const { stderr, exitCode } = await chaosHere(['fuzz', '--config', config, ...args])
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(exitCode).toBe(3)
  })
})

describe('run() of the API', () => {
  test('run() fills in the defaults of a draft of a run', async () => {
    const out = temporaryDirectory()
    const draft = { target: 'sim:raft', timeMs: 1_000, rate: 200, faults: ['kill'], seed: 5 }
    const { spec, report, exitCode, directory, history } = await run(draft, { out })
    expect(report.headline).toBe('linearizable')
    expect(exitCode).toBe(0)
    expect(spec).toMatchObject({ nodes: 5, clients: 20, timeoutMs: 1_000, seed: 5 })
    expect(history.operations.length).toBeGreaterThan(50)
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(['history.jsonl', 'run.json', 'report.html']))
  })

  patientTest('run() performs the same run as chaos run with the same options', async () => {
    const out = temporaryDirectory()
    const draft = {
      target: 'sim:primary-replica',
      timeMs: 1_000,
      rate: 200,
      faults: [],
      seed: 5,
      expect: 'none',
    } as const
    const { spec } = await run(draft, { out })
    const typed = ['--target', 'primary-replica', '--sim', '--time', '1s', '--rate', '200', '--faults', 'none']
    const said = await chaosHere(['run', ...typed, '--seed', '5', '--expect', 'none', '--out', out, '--json'])
    const { run: directory } = JSON.parse(said.stdout)
    expect(JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8')).spec).toEqual(JSON.parse(JSON.stringify(spec)))
  })

  test.each([
    [{ target: 'rfat' }, /there is no target rfat. Did you mean raft\?/],
    [{ nodes: 99 }, /run: nodes must be a whole number from 1 to 25, not 99/],
  ])('run() refuses %j before anything is started', async (draft, message) => {
    await expect(run(draft, { out: '/proc/none' })).rejects.toThrow(message)
  })
})
