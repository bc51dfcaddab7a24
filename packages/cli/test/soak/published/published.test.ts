import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, startProcess } from '../../../../testing/src/chaos.ts'

// Tests the packages as users install them: packed, served by a local registry that forwards all other names to the
// configured registry, and installed into empty folders.

/** The environment without the variables that npm sets for its scripts, because they would change what is installed. */
const outside = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|CHAOS_API$)/i.test(name)),
)
const upstream = spawnSync('npm', ['config', 'get', 'registry'], {
  cwd: tmpdir(),
  env: outside,
  encoding: 'utf8',
}).stdout.trim()
const reachable =
  spawnSync('npm', ['view', 'valibot', 'version'], { cwd: tmpdir(), env: outside, timeout: 60_000 }).status === 0

const short = process.env['CHAOS_SOAK'] === 'short'

const execute = promisify(execFile)
const work = mkdtempSync(join(tmpdir(), 'chaos-published-'))
const packed = join(work, 'packed')
const tarballs = () => readdirSync(packed).map((name) => join(packed, name))
let registry: string
let server: Server

/** Serves a registry of the packed packages. */
function serve(documents: ReadonlyMap<string, object>): Promise<Server> {
  const created = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(url)
    const document = documents.get(path.slice(1))
    if (document !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
    else if (path.startsWith('/-/packed/')) response.end(readFileSync(join(packed, path.slice('/-/packed/'.length))))
    else response.writeHead(302, { location: new URL(url.slice(1), upstream).href }).end()
  })
  return new Promise((resolve) => created.listen(0, '127.0.0.1', () => resolve(created)))
}

function documentOf(file: string): [string, object] {
  const manifest = JSON.parse(
    spawnSync('tar', ['-xOf', join(packed, file), 'package/package.json'], { encoding: 'utf8' }).stdout,
  )
  const integrity = `sha512-${createHash('sha512')
    .update(readFileSync(join(packed, file)))
    .digest('base64')}`
  const { name, version } = manifest
  const versions = {
    get [version]() {
      return { ...manifest, dist: { integrity, tarball: `${registry}-/packed/${file}` } }
    },
  }
  return [name, { name, 'dist-tags': { latest: version }, versions, time: { [version]: '2026-01-01T00:00:00.000Z' } }]
}

beforeAll(async () => {
  mkdirSync(packed)
  const args = ['pack', '--workspaces', '--silent', '--pack-destination', packed]
  expect(spawnSync('npm', args, { cwd: root, env: outside, encoding: 'utf8' })).toMatchObject({ status: 0 })
  server = await serve(new Map(readdirSync(packed).map(documentOf)))
  registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}, 120_000)

afterAll(() => {
  server.close()
  rmSync(work, { recursive: true, force: true })
}, 300_000)

const environment = () => ({
  ...outside,
  npm_config_registry: registry,
  YARN_CACHE_FOLDER: join(work, 'yarn-cache'),
  YARN_REGISTRY: registry,
  CI: 'true',
  NO_COLOR: '1',
})

async function succeeds(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
  const env = environment()
  const { exitCode, stdout, stderr } = await startProcess(program, args, { cwd, env }).finished
  expect({ exitCode, text: exitCode === 0 ? '' : `${stdout}${stderr}` }).toEqual({ exitCode: 0, text: '' })
  return stdout
}

function folder(name: string, files: { readonly [name: string]: string } = {}): string {
  const path = join(work, name)
  // A repeated test begins with an empty folder.
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

const RUN = ['run', '--time', '3s', '--rate', '200', '--json', '--faults', 'none']

/** Performs a run of real processes, and checks its record. */
async function expectVerdict(cwd: string, program: string, ...before: readonly string[]): Promise<void> {
  const { headline, run } = JSON.parse(await succeeds(cwd, program, ...before, ...RUN))
  expect(headline).toBe('linearizable')
  const checked = await succeeds(cwd, program, ...before, 'check', join(run, 'history.jsonl'), '--json')
  expect(JSON.parse(checked).headline).toBe('linearizable')
}

const TYPES = { strict: true, module: 'NodeNext', target: 'ES2023', lib: ['ES2023'], exactOptionalPropertyTypes: true }
const compile = (cwd: string, types: readonly string[]) => {
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ ...JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')), type: 'module' }),
  )
  writeFileSync(
    join(cwd, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...TYPES, types, outDir: 'out', rootDir: '.' }, include: ['*.ts'] }),
  )
  return succeeds(cwd, process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', cwd)
}

const USES_API = `
import { check, compare, defineConfig, readHistory, record, run, search, simulate, type Config, type Report } from 'chaosproxy'
import protocol from './protocol.js'
const config: Config = defineConfig({ target: 'sim:raft', timeMs: 1_000, faults: ['partition'], seed: 3 })
let writes = 0
const found = await run({ ...config, rate: 200 }, {
  listener: (event) => {
    if (event.type === 'event' && event.event.f === 'write') writes++
  },
})
const again: Report = check(await readHistory(found.directory + '/history.jsonl'))
const events = [{ process: 0, type: 'invoke', f: 'read' }, { process: 0, type: 'ok', f: 'read', value: null }] as const
const stop = new AbortController()
const [system] = (await compare({ targets: ['raft'], faults: [], seeds: 1 }, { signal: stop.signal })).systems
declare const console: { log(text: string): void }
console.log([found.report.headline, again.headline, check(events).levels.linearizable.result].join())
if (writes === 0 || system?.name !== 'raft' || typeof record !== 'function') throw new Error('this is not the API')

// Each call can be aborted, and returns its results so far.
const enough = new AbortController()
const searched = await search(protocol, {
  seeds: 1_000_000,
  signal: enough.signal,
  listener: (event) => {
    if (event.type === 'progress' && event.trials > 100) enough.abort()
  },
})
if (!searched.interrupted || searched.trials <= 100 || searched.found !== undefined) throw new Error('no usable search')
let told = 0
const halt = new AbortController()
const simulated = await simulate(protocol, {
  timeMs: 3_600_000,
  signal: halt.signal,
  listener: ({ type }) => {
    told++
    if (type === 'event' && told === 500) halt.abort()
  },
})
if (!simulated.interrupted || simulated.report.levels['linearizable']?.result !== 'met') throw new Error('no usable run')
let asked = 0
const soon = new AbortController()
const ended = await run({ ...config, timeMs: 600_000 }, {
  signal: soon.signal,
  listener: ({ type }) => {
    if (type === 'event' && ++asked === 500) soon.abort()
  },
})
if (ended.history.operations.length <= 100 || ended.report.headline !== 'linearizable') throw new Error('no usable run')
`

describe.skipIf(!reachable)('chaosproxy installed from a registry', () => {
  test('an installed chaosproxy runs in an empty folder, and its types are valid under strict without @types/node', async () => {
    const cwd = folder('npm', { 'uses.ts': USES_API })
    await succeeds(cwd, 'npm', 'init', '-y')
    await succeeds(cwd, 'npm', 'install', '--save-dev', 'chaosproxy')
    await expectVerdict(cwd, 'npx', 'chaos')
    await succeeds(cwd, 'npx', 'chaos', 'init', 'protocol')
    await compile(cwd, [])
    expect(await succeeds(cwd, process.execPath, 'out/uses.js')).toBe('linearizable,linearizable,met\n')
    expect(readdirSync(join(cwd, 'node_modules'))).not.toContain('typescript')
  })

  test('an installed chaosproxy runs the examples in the README of each of its packages', async () => {
    const cwd = folder('readme')
    // Leaves out the packages for test runners, and the package that needs a container engine.
    const examples = readdirSync(join(root, 'packages')).filter(
      (name) => !['playwright', 'testcontainers', 'testing', 'vitest'].includes(name),
    )
    for (const row of examples) {
      const text = readFileSync(join(root, 'packages', row, 'README.md'), 'utf8')
      writeFileSync(join(cwd, `${row}.ts`), /```ts\n(.*?)```/s.exec(text)?.[1] ?? 'no example')
    }
    // The program that the example of the node simulator loads.
    writeFileSync(
      join(cwd, 'server.mjs'),
      "import { createServer } from 'node:http'\ncreateServer((_, response) => response.end('{}')).listen(Number(process.env.PORT))\n",
    )
    writeFileSync(
      join(cwd, 'routes.json'),
      JSON.stringify({ routes: [{ request: 'GET /{key}', f: 'read', result: 'body' }] }),
    )
    await succeeds(cwd, 'npm', 'init', '-y')
    await succeeds(
      cwd,
      'npm',
      'install',
      'chaosproxy',
      '@chaosproxy/assertions',
      '@chaosproxy/simulated-postgresql',
      '@chaosproxy/undici',
      'undici@7',
      '@types/node@20',
    )
    await compile(cwd, ['node'])
    for (const row of readdirSync(join(cwd, 'out'))) await succeeds(cwd, process.execPath, join('out', row))
  })

  test('a globally installed chaosproxy runs in a folder whose chaos.config.ts imports it', async () => {
    const prefix = folder('global')
    await succeeds(prefix, 'npm', 'install', '--global', '--prefix', prefix, 'chaosproxy')
    const cwd = folder('elsewhere', {
      'chaos.config.ts': `import { defineConfig } from 'chaosproxy'\nexport default defineConfig({ runs: { short: { timeMs: 2_000, rate: 200, faults: ['kill'] } } })\n`,
    })
    const chaos = join(prefix, ...(process.platform === 'win32' ? ['chaos.cmd'] : ['bin', 'chaos']))
    const { headline } = JSON.parse(await succeeds(cwd, chaos, 'run', 'short', '--json'))
    expect(headline).toBe('linearizable')
  })

  test("an installed chaosproxy loads a fault, protocol, model, reporter and scenario from a user's folder", async () => {
    const cwd = folder('outside', { 'package.json': '{"type":"module","private":true}' })
    cpSync(join(import.meta.dirname, '../../published/outside'), cwd, { recursive: true })
    await succeeds(cwd, 'npm', 'install', 'chaosproxy', '@types/node@20')
    const types = ['--noEmit', '--strict', '--module', 'NodeNext', '--target', 'ES2023', '--allowImportingTsExtensions']
    await succeeds(cwd, process.execPath, join(root, 'node_modules/typescript/bin/tsc'), ...types, 'chaos.config.ts')
    const chaos = (...args: readonly string[]) =>
      startProcess('npx', ['chaos', ...args], { cwd, env: environment() }).finished

    const recorded = (server: string, faults: string) =>
      chaos(
        ...['record', '--serve', `node server.mjs {port} ${server}`, '--as', 'memcached', '--client', 'connection'],
        ...['--initial', 'null', '--faults', faults, '--seed', '1', '--expect', 'linearizable', '--json'],
        ...['--', 'node', 'client.mjs', '{n1.port}'],
      )
    const right = await recorded('', 'stutters')
    expect(right.exitCode, right.stderr).toBe(0)
    const { headline, faults, operations } = JSON.parse(right.stdout)
    expect(headline).toBe('linearizable')
    expect(operations).toMatchObject({ writes: 60, fail: 0, info: 0 })
    expect(faults.some(({ kind, hits }: { kind: string; hits: number }) => kind === 'stutter' && hits > 0)).toBe(true)
    const stale = await recorded('stale', 'none')
    expect(stale.exitCode, stale.stderr).toBe(1)

    const lines = [
      { process: 0, type: 'invoke', f: 'push', value: 1 },
      { process: 0, type: 'ok', f: 'push', value: 1 },
      { process: 0, type: 'invoke', f: 'pop', value: null },
      { process: 0, type: 'ok', f: 'pop', value: 2 },
    ]
    writeFileSync(join(cwd, 'pile.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const checked = await chaos('check', 'pile.jsonl', '--model', 'pile', '--reporter', 'shout')
    expect(checked.stdout).toBe('NOT LINEARIZABLE!\n')
    expect((await chaos('scenario', 'taken-seat')).stdout).toContain('Nobody sat on anybody.')
  })

  describe("chaosproxy in a user's project", () => {
    const cwd = join(work, 'stranger')
    const manual = (...path: readonly string[]) => readFileSync(join(cwd, 'node_modules', ...path), 'utf8')
    const scripts = () =>
      [...manual('chaosproxy', 'docs', 'ci.md').matchAll(/```bash\n(.*?)```/gs)].map(([, text]) => text)
    const script = (having: string) => scripts().find((text) => text?.includes(having)) ?? `${having}: no such script`
    /** Runs a shell script. Appends the given options to every `npx chaos run` in the script. */
    const type = (text: string, ...added: readonly string[]) =>
      startProcess('bash', ['-c', text.replace(/^npx chaos run \w+/gm, (run) => [run, ...added].join(' '))], {
        cwd,
        env: environment(),
      }).finished
    const CALM = ['--seed', '1', '--faults', 'pause']
    /** A service whose reads are served by the primary, or by replicas that may lag behind. */
    function serviceWith(reads: 'primary' | 'local', held: 'linearizable' | 'none' = 'linearizable'): void {
      const config = join(cwd, 'chaos.config.ts')
      const text = readFileSync(config, 'utf8')
        .replace(/default: '\w+' } }/, `default: '${reads}' } }`)
        .replace(/expect: '\w+'/, `expect: '${held}'`)
      expect(text).toContain(`default: '${reads}'`)
      expect(text).toContain(`expect: '${held}'`)
      writeFileSync(config, text)
    }

    beforeAll(async () => {
      // Without this file, Vitest would use a configuration of a parent directory.
      folder('stranger', { 'vitest.config.js': 'export default {}' })
      const options = { cwd, env: environment() }
      await execute('npm', ['init', '-y'], options)
      await execute('npm', ['install', '--save-dev', '@chaosproxy/vitest', 'chaosproxy', 'vitest@4'], options)
      await execute('bash', ['-c', script('init --example').split('\n')[0] ?? ''], options)
    }, 1_200_000)

    test('chaosproxy makes a five-line test fail with the contradiction drawn and the report attached', async () => {
      writeFileSync(
        join(cwd, 'replica.test.ts'),
        /```ts\n(.*?)```/s.exec(manual('@chaosproxy', 'vitest', 'README.md'))?.[1] ?? 'no example',
      )
      const { exitCode, stderr } = await type('npx vitest run')
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/\(not linearizable\).*Next: /s)
      expect(stderr).toMatch(/└ ok ─+╮/)
      const [attached = ''] = readdirSync(join(cwd, '.vitest-attachments'))
      expect(readFileSync(join(cwd, '.vitest-attachments', attached), 'utf8')).toMatch(/^<!doctype html>/i)
    })

    // Installing Jest takes as long as installing everything else.
    const frameworks: readonly (readonly [imported: string, command: string])[] = [
      ['node:test', 'node --test'],
      ['@jest/globals', 'npx jest'],
    ]
    test.each(short ? frameworks.slice(0, 1) : frameworks)(
      'chaosproxy makes a test of %s fail with the contradiction drawn',
      async (imported, command) => {
        const readme = manual('@chaosproxy', 'vitest', 'README.md')
        const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, text = '']) => text)
        writeFileSync(join(cwd, 'replica.test.mjs'), examples.find((text) => text.includes(`'${imported}'`)) ?? '')
        if (command === 'npx jest') await succeeds(cwd, 'npm', 'install', '--save-dev', 'jest@30')
        const option = /`(NODE_OPTIONS=\S+) npx jest`/.exec(readme)?.[1] ?? ''
        const { exitCode, stdout, stderr } = await type(`${option} ${command} replica.test.mjs`)
        expect(exitCode, stdout + stderr).toBe(1)
        expect(stdout + stderr).toMatch(/\(not linearizable\).*Next: .*└ ok ─+╮/s)
      },
    )

    test('the steps of the README give a verdict on a service, and every manual linked there exists', async () => {
      const readme = manual('chaosproxy', 'README.md')
      serviceWith('primary')
      const [, section = ''] = /## Your own service\n\n```sh\n(.*?)```/s.exec(readme) ?? []
      const [, doctor = '', smoke = '', local = ''] = section.trim().split('\n')
      await succeeds(cwd, 'bash', '-c', doctor)
      expect(JSON.parse((await type(smoke, '--json', ...CALM)).stdout).headline).toBe('linearizable')
      const { exitCode, stdout, stderr } = await type(local, '--json', ...CALM)
      expect(exitCode, stderr).toBe(1)
      expect(JSON.parse(stdout).levels.linearizable.result).toBe('violated')
      const named = [...readme.matchAll(/`(node_modules\/.*?)`/g)].map(([, path = '']) => join(cwd, path))
      expect(named.length).toBeGreaterThan(0)
      for (const path of named) {
        if (path.endsWith('.md')) expect(readFileSync(path, 'utf8')).toMatch(/^# /)
        else expect(existsSync(path), path).toBe(true)
      }
    })

    test.skipIf(short)('the shell script in the CI manual fails on stale reads, and passes without them', async () => {
      const gate = script('case $?')
      serviceWith('local')
      const stale = await type(gate, ...CALM)
      expect(stale.exitCode, stale.stderr).toBe(1)
      // The stale read in the report can differ from run to run. It can be in the drawing or in a list.
      expect(stale.stdout).toMatch(
        /^ {2}NOT LINEARIZABLE.*^ {2}Why it is not linearizable.*✘.*^the promise was broken/ms,
      )
      expect(readFileSync(join(cwd, 'junit.xml'), 'utf8')).toContain('<failure')
      serviceWith('primary')
      const fixed = await type(gate, ...CALM)
      expect(fixed.exitCode, fixed.stderr).toBe(0)
      expect(fixed.stdout).toMatch(/^ {2}LINEARIZABLE.*^the promise was kept/ms)
      expect(readFileSync(join(cwd, 'junit.xml'), 'utf8')).not.toContain('<failure')
    })

    test('a lower threshold of --require fails a build that passed before', async () => {
      const thresholds = script('--require "p99')
      serviceWith('primary')
      const green = await type(thresholds, ...CALM)
      expect(green.exitCode, green.stdout + green.stderr).toBe(0)
      const red = await type(thresholds.replace('5s', '1us'), ...CALM)
      expect(red.exitCode, red.stderr).toBe(1)
      expect(red.stdout).toMatch(/✘ p99 of read < 1us: found/)
    })

    test.skipIf(short)('a stronger level in --baseline fails a build that passed before', async () => {
      const [save = '', compare = ''] = script('--baseline').trim().split('\n')
      serviceWith('primary')
      expect(await type(save, ...CALM)).toMatchObject({ exitCode: 0 })
      serviceWith('local', 'none')
      const { exitCode, stderr } = await type('npx chaos run smoke', ...CALM)
      expect(exitCode, stderr).toBe(0)
      const red = await type(compare, ...CALM)
      expect(red.exitCode, red.stderr).toBe(1)
      expect(red.stdout).toMatch(/✘ no weaker than the baseline \(linearizable\): found .*no longer linearizable/)
    })
  })

  const managers = [
    ['pnpm', ['pnpm@10', 'add', '--save-dev', 'chaosproxy'], ['pnpm@10', 'exec', 'chaos']],
    ['yarn', ['yarn@1', 'add', '--dev', 'chaosproxy'], ['yarn@1', '--silent', 'chaos']],
  ] as const
  test.skipIf(short).each(managers)('chaosproxy runs after it was installed by %s', async (name, install, use) => {
    const cwd = folder(name, { 'package.json': '{"name":"mine","version":"1.0.0","private":true}' })
    await succeeds(cwd, 'npx', '--yes', ...install)
    await expectVerdict(cwd, 'npx', '--yes', ...use)
  })

  // The test node-lines.soak.test.ts also tests the newest version of each release line of Node.
  test.each(short ? ['20.19'] : ['20.19', '22', '24', 'latest'])(
    'an installed chaosproxy runs on Node %s',
    async (version) => {
      const cwd = folder(`node-${version}`, { 'package.json': '{"private":true}' })
      const node = `node-${process.platform}-${process.arch}`
      await succeeds(cwd, 'npm', 'install', 'chaosproxy', `${node}@${version}`)
      const binary = join(cwd, 'node_modules', node, 'bin', 'node')
      await expectVerdict(cwd, binary, join(cwd, 'node_modules', 'chaosproxy', 'bin', 'chaos.js'))
    },
  )
})

/** Returns the links of a packed page to files that are not packed, which readers of the package cannot follow. */
function deadLinks(tarball: string, page: string, packed: readonly string[]): string[] {
  const text = spawnSync('tar', ['-xOf', tarball, `package/${page}`], { encoding: 'utf8' }).stdout
  const links = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
  return links.flatMap(([, link = '']) => {
    const to = join(dirname(page), link)
    return /^[a-z]+:/.test(link) || packed.includes(to) ? [] : [`${page}: ${link}`]
  })
}

describe('each package', () => {
  const tool = (name: string) => join(root, 'node_modules', '.bin', name)

  test('the Markdown files of each package link only to packed files or to the web', () => {
    for (const tarball of tarballs()) {
      const { stdout } = spawnSync('tar', ['-tf', tarball], { encoding: 'utf8' })
      const files = stdout.split('\n').map((path) => path.replace(/^package\//, ''))
      expect(files, tarball).toContain('README.md')
      const pages = files.filter((path) => path.endsWith('.md'))
      expect(
        pages.flatMap((page) => deadLinks(tarball, page, files)),
        tarball,
      ).toEqual([])
    }
  })

  test('passes publint', async () => {
    for (const tarball of tarballs()) await succeeds(work, tool('publint'), tarball, '--strict')
  })

  test('the types of each package are found by every ES module resolution', async () => {
    // The tests above import all packages, but with only one kind of module resolution. With CHAOS_SOAK=short, this
    // test checks only the packages that people install.
    const asked = tarballs().filter(
      (tarball) => !short || /\/chaosproxy-(?:testcontainers-|undici-|vitest-)?\d[^/]*$/.test(tarball),
    )
    expect(asked.length).toBeGreaterThan(2)
    for (const tarball of asked) await succeeds(work, tool('attw'), tarball, '--profile', 'esm-only')
  })
})
