import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

// Tests what depends on Node itself (flags, sockets, streams, processes, threads, the module loader) on the newest
// release of each supported major version of Node, which npm installs. All other tests run on one Node only.
// CHAOS_SOAK=short tests only the newest major version.

const root = join(import.meta.dirname, '..')
const LINES = process.env['CHAOS_SOAK'] === 'short' ? [24] : [20, 21, 22, 23, 24]
/** Major versions that Vitest does not support. It supports only LTS versions and versions above 22. */
const WITHOUT_VITEST = [21]
const SUITE = [
  'packages/cli/test/process/check/check.test.ts',
  'packages/cli/test/process/commands/config.patient.test.ts',
  'packages/cli/test/process/record/ctl.test.ts',
  'packages/cli/test/process/check/own-models.patient.test.ts',
  'packages/cli/test/process/record/record-api.test.ts',
  'packages/engine/test/unit/short-run.test.ts',
  'packages/history/test/process/files.test.ts',
  'packages/node-simulator/test',
  'packages/proxy/test/process/http/faults.test.ts',
  'packages/proxy/test/unit/http2/http2.test.ts',
  'packages/proxy/test/unit/interceptor.test.ts',
  'packages/targets/test/process/entry.test.ts',
  'packages/undici/test',
  'packages/vitest/test',
]

/**
 * A short suite omits the packages `node-simulator` and `vitest`. The hashes from `simulatedOn` already test most of
 * the simulator.
 */
const suite =
  process.env['CHAOS_SOAK'] === 'short' ? SUITE.filter((path) => !/node-simulator|vitest/.test(path)) : SUITE

/** The number of seeds. With each seed, a program runs twice on each major version of Node; the hashes must be equal. */
const HASHED_SEEDS = process.env['CHAOS_SOAK'] === 'short' ? '4' : '100'

/** Child processes need a time limit of their own: they block the worker, so the time limit of the test cannot act. */
const LIMITS = { encoding: 'utf8', maxBuffer: 1e9, timeout: 300_000, killSignal: 'SIGKILL' } as const

/** Runs a few programs in the simulator on this Node binary. Returns a hash of each program's runs. */
function simulatedOn(node: string): Record<string, { readonly hash: string; readonly differ: readonly number[] }> {
  const script = join(root, 'scripts', 'simulated-hashes.mjs')
  const { stdout, stderr } = spawnSync(node, [script, HASHED_SEEDS], { ...LIMITS, timeout: 900_000 })
  return JSON.parse(stdout.trim() || JSON.stringify({ failed: { hash: stderr, differ: [] } }))
}

const versionOf = (node: string): string => spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()

let simulatedHere: ReturnType<typeof simulatedOn> | undefined

const directory = mkdtempSync(join(tmpdir(), 'chaos-node-lines-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
writeFileSync(join(directory, 'package.json'), '{}')

describe.each(LINES)('the newest release of Node %d', (line) => {
  const name = `node-${line}`
  const source = `npm:node-${process.platform}-${process.arch}@${line}`
  const bin = join(directory, 'node_modules', name, 'bin')
  const node = join(bin, 'node')

  test('chaos runs on the newest release of Node with nothing on stderr, and passes the tests that use APIs of Node', (context) => {
    const install = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${source}`]
    const installed = spawnSync('npm', install, { ...LIMITS, cwd: directory })
    if (installed.status !== 0) context.skip(`${source} cannot be installed: ${installed.stderr.slice(0, 200)}`)
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, NO_COLOR: '1' }
    const chaos = (...args: readonly string[]) =>
      spawnSync(node, [join(root, 'packages', 'cli', 'bin', 'chaos.js'), ...args], { ...LIMITS, cwd: root, env })
    expect(chaos('check', 'histories/fresh-read.jsonl', '--quiet')).toMatchObject({ status: 0, stderr: '' })
    const run = ['run', '--sim', '--time', '2s', '--seed', '1', '--json', '--out', join(directory, name)]
    expect(chaos(...run)).toMatchObject({ status: 0, stderr: '' })
    simulatedHere ??= simulatedOn(process.execPath)
    expect(Object.values(simulatedHere).flatMap(({ differ }) => differ)).toEqual([])
    // Programs behave the same on every major version, byte for byte.
    expect(simulatedOn(node)).toEqual(simulatedHere)
    // The version that runs this test already runs all other tests.
    if (WITHOUT_VITEST.includes(line) || versionOf(node) === process.version) return
    const vitest = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...suite]
    const environment = Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith('VITEST')))
    const tested = spawnSync(node, vitest, { ...LIMITS, cwd: root, env: environment })
    expect(tested.status, `${tested.stdout.slice(-20_000)}${tested.stderr.slice(-5_000)}`).toBe(0)
  })
})
