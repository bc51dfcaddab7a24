import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bin, chaos, type Finished, root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { folderWith, RACING } from '../../../../testing/src/racing-register.ts'
import { registry } from '../../../src/commands/registry.ts'
import { until } from '../../processes.ts'
import { echoServer, startProxy } from '../../proxy-process.ts'
import { valueService, WRITE_AND_READ } from '../../value-service.ts'

// Each command once, as a user types it: the real process, from its arguments to its exit code. The other tests of
// commands are in the neighbouring files and directories.

const history = (name: string): string => join(root, 'histories', `${name}.jsonl`)
const SIMULATED = ['run', '--sim', '--time', '2s', '--rate', '100', '--seed', '1', '--quiet']

/** Performs a simulated run, and returns its directory within `out`. */
async function runIn(out: string): Promise<string> {
  expect(await chaos([...SIMULATED, '--out', out])).toMatchObject({ exitCode: 0 })
  return join(out, readdirSync(out).find((name) => name !== 'index.html') ?? '')
}

async function prints(args: readonly string[], exitCode: number, text: RegExp): Promise<Finished> {
  const finished = await chaos(args)
  expect({ exitCode: finished.exitCode, stderr: finished.stderr }).toEqual({ exitCode, stderr: finished.stderr })
  expect(finished.stdout + finished.stderr).toMatch(text)
  return finished
}

const passes: { readonly [command: string]: () => Promise<unknown> } = {
  run: async () => {
    const out = temporaryDirectory()
    await prints(
      ['run', '--nodes', '3', '--time', '1s', '--faults', 'partition', '--out', out],
      0,
      /^ {2}LINEARIZABLE/m,
    )
    const [directory = ''] = readdirSync(out).filter((name) => name.endsWith('raft'))
    const files = readdirSync(join(out, directory))
    expect(files).toEqual(expect.arrayContaining(['history.jsonl', 'report.html', 'run.json']))
  },
  init: async () => {
    const cwd = temporaryDirectory()
    expect(await chaos(['init', '--target', 'raft'], { cwd })).toMatchObject({ exitCode: 0 })
    expect(existsSync(join(cwd, 'chaos.config.ts'))).toBe(true)
  },
  doctor: () => prints(['doctor'], 0, /Node/),
  check: () => prints(['check', history('stale-read'), '--expect', 'linearizable'], 1, /NOT LINEARIZABLE/),
  convert: async () => {
    await prints(['convert', history('fresh-read')], 0, /^\{.*"process".*\}$/m)
    const kv = join(temporaryDirectory(), 'kv.log')
    writeFileSync(kv, '{:process 0, :type :invoke, :f :get, :key "0", :value nil}\n')
    await prints(['convert', kv], 0, /^\{"chaos":1,"initial":"","from":"porcupine-kv"\}$/m)
    const etcd = join(temporaryDirectory(), 'etcd.log')
    writeFileSync(etcd, 'INFO  jepsen.util - 0 :invoke :read nil\n')
    const { stdout } = await chaos(['convert', etcd])
    expect(stdout).toContain('{"chaos":1,"from":"porcupine-etcd"}')
  },
  diff: () => prints(['diff', history('fresh-read'), history('stale-read')], 0, /stale-read/),
  explain: () => prints(['explain', history('stale-read'), '--level', 'linearizable'], 0, /NOT LINEARIZABLE/),
  verify: async () => {
    const text = readFileSync(history('stale-read'))
    const head = { proof: 1, history: `sha256:${createHash('sha256').update(text).digest('hex')}`, model: 'register' }
    const proof = join(temporaryDirectory(), 'proof.jsonl')
    const entry = { level: 'linearizable', result: 'violated', core: [4, 6] }
    writeFileSync(proof, [{ ...head, initial: null }, entry].map((line) => `${JSON.stringify(line)}\n`).join(''))
    await prints(
      ['verify', history('stale-read'), proof],
      0,
      /^accepted: linearizable is violated: these 2 operations/m,
    )
    await prints(['verify', history('fresh-read'), proof], 1, /^refused: the proof is of another history/m)
    await prints(['verify', history('fresh-read'), history('fresh-read')], 3, /a proof begins with/)
  },
  fuzz: async () => {
    const out = temporaryDirectory()
    await prints(
      ['fuzz', '--bug', 'stale-read', '--seeds', '400', '--workers', '1', '--out', out],
      1,
      /NOT LINEARIZABLE/,
    )
  },
  simulate: async () => {
    const cwd = folderWith(RACING)
    const args = [
      'simulate',
      'server.ts',
      '--nodes',
      '1',
      '--routes',
      'routes.json',
      '--faults',
      'none',
      '--seeds',
      '50',
    ]
    const { exitCode, stdout } = await chaos([...args, '--workers', '1', '--workload-set', 'cas=0.5'], { cwd })
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/NOT LINEARIZABLE/)
  },
  worker: () => prints(['worker', '--queue', 'redis://127.0.0.1:1'], 4, /127\.0\.0\.1:1 does not answer/),
  replay: () =>
    prints(['replay', join(root, 'packages/simulator/test/recorded/raft.replay')], 0, /same history|replay/),
  scenario: () => prints(['scenario', 'burrito-and-taco', '--fix'], 0, /\$/),
  gallery: () => prints(['gallery', 'show', 'ioredis-incr'], 0, /npx chaos record --name redis/),
  compare: () =>
    prints(['compare', '--targets', 'raft,master-master', '--seeds', '1', '--time', '1s'], 0, /master-master/),
  targets: () => prints(['targets'], 0, /raft/),
  workloads: () => prints(['workloads'], 0, /register/),
  reporters: () => prints(['reporters'], 0, /junit/),
  proxy: async () => {
    const { url, child, finished } = await startProxy(['--upstream', await echoServer()])
    expect((await fetch(new URL('/v1/proxies', url))).status).toBe(200)
    child.kill('SIGTERM')
    expect((await finished).exitCode).toBe(0)
  },
  record: async () => {
    const { cwd, record } = valueService()
    const { stdout, exitCode } = await chaos([...record, ...WRITE_AND_READ], { cwd })
    expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
    expect(exitCode).toBeLessThan(3)
  },
  ui: async () => {
    const out = temporaryDirectory()
    await runIn(out)
    const { child } = startChaos(['ui', out])
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    await until(() => /http:\S+/.test(said))
    expect(await (await fetch(/http:\S+/.exec(said)?.[0] ?? '')).text()).toMatch(/<title>/)
  },
  page: async () => {
    const file = join(temporaryDirectory(), 'judge.html')
    expect(await chaos(['page', '--out', file])).toMatchObject({ exitCode: 0 })
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>/i)
  },
  mcp: async () => {
    const child = spawn(process.execPath, [bin, 'mcp'], {
      cwd: temporaryDirectory(),
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`)
    const [answer] = await once(child.stdout, 'data')
    expect(JSON.parse(String(answer)).result.serverInfo.name).toMatch(/chaos/)
  },
  routes: async () => {
    const table = join(folderWith(RACING), 'routes.json')
    await prints(['routes', 'check', table], 0, /3 routes|no problem|right/)
  },
  ctl: async () => {
    const { url } = await startProxy(['--upstream', await echoServer()])
    await prints(['ctl', '--host', url, 'list'], 0, /127\.0\.0\.1/)
  },
  completion: () => prints(['completion', 'bash'], 0, /chaos/),
}

test.each(Object.entries(passes))(
  'a typical call of chaos %s has the expected exit code and output',
  async (_, pass) => {
    await pass()
  },
)

test('every command has a typical call with an expected output', () => {
  expect(Object.keys(passes).toSorted()).toEqual(Object.keys(registry).toSorted())
})

test('chaos --version prints the version, and an unknown command is refused', async () => {
  await prints(['--version'], 0, /^\d+\.\d+\.\d+\n$/)
  await prints(['chekc'], 3, /chaos check/)
})

/** The command loads 6 files. Without the layers of scripts/bundle.mjs it loaded 119. */
const FEW_FILES = 8

test('chaos check of a small file loads few source files, and none from node_modules', async () => {
  const directory = temporaryDirectory()
  const env = { NODE_V8_COVERAGE: directory, NODE_DISABLE_COMPILE_CACHE: '1' }
  expect(await chaos(['check', history('fresh-read')], { env })).toMatchObject({ exitCode: 0 })
  const [covered = ''] = readdirSync(directory)
  const { result } = JSON.parse(readFileSync(join(directory, covered), 'utf8')) as {
    readonly result: readonly { readonly url: string }[]
  }
  const files = result.map(({ url }) => url).filter((url) => url.startsWith('file:'))
  expect(files, 'the bundle is older than what was built: npm run bundle').toEqual(
    expect.arrayContaining([expect.stringMatching(/packages\/cli\/bundle\/main\.js$/)]),
  )
  expect(files.filter((url) => url.includes('node_modules'))).toEqual([])
  expect(files.length).toBeLessThanOrEqual(FEW_FILES)
})
