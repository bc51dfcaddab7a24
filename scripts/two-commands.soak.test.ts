import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

// The two commands of the README in a fresh clone, on a machine with nothing but Node and what every Debian has: no
// server, no compiler, no browser. The long soak runs all tests there. CHAOS_SOAK=short runs those that read something
// built or start another program, since the others depend on neither.

const root = join(import.meta.dirname, '..')
const short = process.env['CHAOS_SOAK'] === 'short'

/** Of the packages that are part of every Debian, what shell scripts use. */
const BASICS =
  'bash cat chmod cp cut date dirname echo env false find grep head kill ln ls mkdir mkfifo mktemp mv printf rm sed seq sh sleep sort tail test touch tr true uname wc'

/** Tests that read what is built, or start programs. */
const DEPENDING = /\bdist\b|\bbundle\b|installed\(|findProgram\(|\bspawn(?:Sync)?\(|\bexecFile/

test('npm ci and npm test pass in a fresh clone with nothing but Node installed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-two-commands-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'bin')
  mkdirSync(path)
  for (const name of ['node', 'npm', 'npx', ...BASICS.split(' ')]) {
    const program = programCalled(name)
    if (program !== undefined) symlinkSync(program, join(path, name))
  }
  const clone = join(directory, 'clone')
  execFileSync('git', ['clone', '--quiet', root, clone])
  const env = { PATH: path, HOME: process.env['HOME'], npm_config_registry: process.env['npm_config_registry'] }
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: clone, env, encoding: 'utf8', maxBuffer: 1e9 })
    expect(status, `npm ${args.join(' ')}\n${stdout.slice(-20_000)}\n${stderr.slice(-10_000)}`).toBe(0)
    return stdout
  }
  run('ci')
  const said = run('test', ...(short ? ['--', ...dependingFiles(clone)] : []))
  // What cannot run says so by name.
  expect(said).toMatch(/^Skipped, \d+ of them:$/m)
  expect(said).toMatch(/needs redis-server/)
  expect(execFileSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' })).toBe('')
})

/** Where a program is, apart from what npm puts into the path. */
const programCalled = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, name))
    .find((program) => existsSync(program))

function dependingFiles(clone: string): readonly string[] {
  const files = ['packages', 'scripts'].flatMap((folder) =>
    readdirSync(join(clone, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  return files.filter(
    (name) =>
      name.endsWith('.test.ts') &&
      !name.endsWith('.soak.test.ts') &&
      !name.includes('node_modules') &&
      DEPENDING.test(readFileSync(join(clone, name), 'utf8')),
  )
}
