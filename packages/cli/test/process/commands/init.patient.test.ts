import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { installed } from '../../../../../scripts/installed.ts'
import { chaos, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { fileNameOf } from '../../../src/init/compose.ts'

describe('chaos init', () => {
  patientTest('chaos init writes a configuration that passes unchanged in chaos run', async () => {
    const cwd = temporaryDirectory()
    expect(await chaosHere(['init', '--target', 'raft'], { cwd })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('chaos run smoke'),
    })
    const { stdout, exitCode } = await chaosHere(['run', 'smoke', '--sim', '--seed', '1', '--json'], { cwd })
    expect(JSON.parse(stdout).headline).toBe('linearizable')
    expect(exitCode).toBe(0)
    const again = await chaosHere(['init', '--target', 'raft'], { cwd })
    expect(again).toMatchObject({ exitCode: 3, stderr: 'chaos.config.ts already exists. --force replaces it.\n' })
    expect(await chaosHere(['init', '--force', '--target', 'rfat'], { cwd })).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('Did you mean raft?'),
    })
  })

  test.skipIf(installed('script') === undefined)(
    'chaos init ends on Ctrl-C at a question, and writes nothing',
    async () => {
      const cwd = temporaryDirectory()
      writeFileSync(join(cwd, 'server.js'), 'createServer().listen(process.env.PORT)')
      const command = `'${process.execPath}' '${join(root, 'packages/cli/bin/chaos.js')}' init`
      const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { cwd, stdio: 'pipe' })
      child.stdout
        .once('data', () => undefined)
        .on('data', (text: Buffer) => {
          if (String(text).includes('Path of an object')) child.stdin.write('\u0003')
        })
      expect(await once(child, 'close')).toEqual([130, null])
      expect(existsSync(join(cwd, 'chaos.config.ts'))).toBe(false)
    },
  )

  test("chaos init writes a configuration for a user's service, and chaos doctor reports that its command is unknown", async () => {
    const cwd = temporaryDirectory()
    const command = 'no-such-service --port {port}'
    expect((await chaosHere(['init', '--command', command, '--nodes', '2'], { cwd })).exitCode).toBe(0)
    expect(readFileSync(join(cwd, 'chaos.config.ts'), 'utf8')).toContain(`command: "${command}"`)
    const { stdout, exitCode } = await chaosHere(['doctor'], { cwd })
    expect(stdout).toContain('✘ no-such-service  not in PATH')
    expect(exitCode).toBe(4)
  })

  patientTest(
    'chaos init writes the routes of a service with the path of --path and the value of --value',
    async () => {
      const cwd = temporaryDirectory()
      const init = (...typed: string[]) => chaosHere(['init', '--force', ...typed], { cwd })
      const place = ['--path', '/v1/documents/{key}', '--value', 'json.data.text']
      expect((await init('--command', 'node own.js {port}', ...place)).exitCode).toBe(0)
      const text = readFileSync(join(cwd, 'chaos.config.ts'), 'utf8')
      expect(text).toContain(`{ request: 'GET /v1/documents/{key}', f: 'read', result: 'json.data.text', outcomes:`)
      expect(text).toContain(`{ request: 'PUT /v1/documents/{key}', f: 'write', value: 'json.data.text' },`)
      const typed = ['run', 'smoke', '--sim', '--target', 'raft', '--faults', 'none', '--seed', '1', '--json']
      expect((await chaosHere(typed, { cwd })).exitCode).toBe(0)
      for (const [typed, message] of [
        [
          ['--command', 'x', '--path', '/documents'],
          '--path /documents: give the path of an object in your service, with {key} in it',
        ],
        [['--command', 'x', '--value', "json.'"], "--value json.': write body, or a path into the body"],
        [['--path', '/v1/{key}'], 'give --command, too'],
      ] as const)
        expect(await init(...typed)).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(message) })
    },
  )
})

patientTest('chaos init --example writes a service whose run passes, and fails with reads=local', async () => {
  const cwd = temporaryDirectory()
  expect((await chaosHere(['init', '--example'], { cwd })).stdout).toContain('Wrote chaos.config.ts and service.mjs')
  const options = ['--faults', 'none', '--time', '2s', '--rate', '200', '--timeout', '10s', '--seed', '1', '--json']
  const clean = await chaos(['run', ...options], { cwd })
  expect(clean.exitCode, clean.stderr).toBe(0)
  const stale = await chaos(['run', '--set', 'reads=local', ...options], { cwd })
  expect(stale.exitCode, stale.stderr).toBe(1)
  expect(await chaosHere(['init', '--example', '--force'], { cwd })).toMatchObject({ exitCode: 3 })
  expect(await chaosHere(['init', '--example', '--nodes', '2'])).toMatchObject({ exitCode: 3 })
})

test('chaos init --example simulate refuses --nodes, and overwrites no file', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'server.ts'), '')
  const refused = await chaosHere(['init', '--example', 'simulate'], { cwd })
  expect(refused).toMatchObject({ exitCode: 3, stderr: 'server.ts already exists. Use another directory.\n' })
  expect(await chaosHere(['init', '--example', 'simulate', '--nodes', '2'], { cwd })).toMatchObject({ exitCode: 3 })
})

patientTest(
  'chaos init --example simulate prints a command that finds a race and a command that finds none',
  async () => {
    const cwd = temporaryDirectory()
    const { stdout } = await chaosHere(['init', '--example', 'simulate'], { cwd })
    const commands = [...stdout.matchAll(/npx chaos (simulate .*)/g)].map(([, words = '']) => words.split(' '))
    expect(commands).toHaveLength(2)
    const [racing = [], careful = []] = commands
    const found = await chaos([...racing, '--json'], { cwd })
    expect(JSON.parse(found.stdout)).toMatchObject({ found: true, failures: [{ cause: 'not linearizable' }] })
    expect(found.exitCode).toBe(1)
    const clean = await chaos([...careful, '--json'], { cwd })
    expect(clean.exitCode, clean.stdout + clean.stderr).toBe(0)
  },
)

describe('chaos doctor', () => {
  test('chaos doctor says that this machine can run a Raft, and which faults can be injected', async () => {
    const { stdout } = await chaosHere(['doctor', '--target', 'raft', '--json'])
    const { target, machine, needs, faults } = JSON.parse(stdout)
    expect(target).toBe('raft')
    expect(machine).toContainEqual({
      what: 'Node',
      ok: true,
      detail: process.versions.node,
      remedy: expect.any(String),
    })
    expect(needs).toEqual([])
    expect(faults).toContainEqual(expect.objectContaining({ what: 'partition', ok: true }))
    for (const { ok, remedy } of faults) if (!ok) expect(remedy).toMatch(/^Instead: ./)
  })

  test("chaos doctor names the programs and scripts that a cluster's commands start but that do not exist", async () => {
    const file = join(temporaryDirectory(), 'cluster.json')
    const command = 'node no-such-server.js {listen}'
    const nodes = [{ command: 'no-such-program {listen}' }, {}, { command: './no-such-file {listen}' }]
    writeFileSync(file, JSON.stringify({ client: { kind: 'resp', commands: 'register' }, command, nodes }))
    const { stdout, exitCode } = await chaosHere(['doctor', '--target', file, '--json'])
    const { needs } = JSON.parse(stdout)
    expect(needs).toEqual([
      expect.objectContaining({ what: 'no-such-program', detail: 'not in PATH' }),
      expect.objectContaining({ what: './no-such-file', detail: 'not a program that can be started' }),
      expect.objectContaining({ what: 'no-such-server.js', ok: false }),
    ])
    expect(exitCode).toBe(4)
  })
})

describe('chaos doctor for containers', () => {
  const engine = (answers: string): string => {
    const programs = temporaryDirectory()
    writeFileSync(join(programs, 'docker'), `#!/bin/sh\n${answers}\n`, { mode: 0o755 })
    vi.stubEnv('PATH', [programs, '/no/such/directory'].join(delimiter))
    onTestFinished(() => void vi.unstubAllEnvs())
    const file = join(programs, 'shop.json')
    const client = { kind: 'resp', commands: 'register' }
    writeFileSync(file, JSON.stringify({ compose: { project: 'shop' }, nodes: ['redis'], client }))
    return file
  }
  const asked = async (target: string) => {
    const { stdout, exitCode } = await chaosHere(['doctor', '--target', target, '--json'])
    const { containers } = JSON.parse(stdout) as { containers: { what: string; ok: boolean; detail: string }[] }
    return { exitCode, of: (what: string) => containers.find((each) => each.what === what) }
  }

  test('chaos doctor reports that no container engine responds, and fails if the target needs containers', async () => {
    const file = engine('echo Cannot connect to the Docker daemon >&2; exit 1')
    const { exitCode, of } = await asked(file)
    expect(of('docker')).toMatchObject({ ok: false, detail: 'Cannot connect to the Docker daemon' })
    expect(of('composing')).toMatchObject({ ok: false })
    expect(exitCode).toBe(4)
  })

  test('chaos doctor reports a container engine whose containers run on another machine', async () => {
    const file = engine('[ "$1" = ps ] || echo 25.0')
    vi.stubEnv('DOCKER_HOST', 'tcp://10.0.0.1:2375')
    const { of } = await asked(file)
    expect(of('docker')).toMatchObject({ ok: false, detail: 'it runs containers elsewhere (tcp://10.0.0.1:2375)' })
  })

  test("chaos doctor names the engine's version, and a remedy if firewall rules between containers are not possible", async () => {
    const file = engine('[ "$1" = ps ] || echo 25.0')
    const { of } = await asked(file)
    expect(of('docker')).toMatchObject({ ok: true, detail: '25.0, 0 of 0 containers run' })
    expect(of('rules between containers')).toMatchObject({ ok: false, remedy: expect.stringMatching(/nftables|root/) })
  })
})

describe('the target of a configuration', () => {
  test.each(['doctor', 'fuzz', 'compare'])(
    'chaos %s reports a configured target that does not exist',
    async (command) => {
      const file = join(temporaryDirectory(), 'chaos.config.json')
      writeFileSync(file, '{"target":"rafd"}')
      const { stderr, exitCode } = await chaosHere([command, '--config', file])
      expect(exitCode).toBe(3)
      expect(stderr).toMatch(/chaos\.config\.json: target rafd: .*Did you mean raft\?/s)
    },
  )

  test.each(['run', 'fuzz', 'compare'])(
    'chaos %s refuses a configured target with an unknown setting',
    async (command) => {
      const file = join(temporaryDirectory(), 'chaos.config.json')
      writeFileSync(file, '{"target":{"name":"raft","settings":{"batc":1}}}')
      const { stderr, exitCode } = await chaosHere([command, '--config', file])
      expect(exitCode).toBe(3)
      expect(stderr).toMatch(/chaos\.config\.json: target: raft has no setting "batc"\. Did you mean batch\? It has: /)
    },
  )
})

test.each([
  ['shop', 'shop'],
  ['my_shop-2', 'my_shop-2'],
  ['../esc', 'esc'],
  ['/etc/cron.d/x', 'etc-cron.d-x'],
  ['..', 'compose'],
  ['a\\b\n::error::', 'a-b-error-'],
  ['.hidden', 'hidden'],
])('the declaration of the project %j gets the safe file name %s.json', (project, name) => {
  expect(fileNameOf(project)).toBe(name)
})
