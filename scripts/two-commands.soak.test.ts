import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

// The two commands of the README in a fresh clone, on a machine with nothing but Node and what every Debian has: no
// server, no compiler, no browser. The long soak runs all tests there. CHAOS_SOAK=short runs those that need a
// program, since the others would run as they do in the clone that continuous integration begins with.

const root = join(import.meta.dirname, '..')
const short = process.env['CHAOS_SOAK'] === 'short'

/** Tests that need a program that may be missing. */
const DEPENDING = /installed\(|findProgram\(/

test('npm ci and npm test pass in a fresh clone with nothing but Node installed', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-two-commands-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  // Some tests start programs as another user.
  chmodSync(directory, 0o755)
  const path = join(directory, 'bin')
  mkdirSync(path)
  const basics = essentialPrograms()
  if (basics.length === 0) context.skip('which programs every system has is known on Debian only')
  const ours = ['node', 'npm', 'npx'].flatMap((name) => programCalled(name) ?? [])
  for (const program of [...basics, ...ours]) {
    const link = join(path, basename(program))
    if (!existsSync(link)) symlinkSync(program, link)
  }
  const clone = join(directory, 'clone')
  execFileSync('git', ['clone', '--quiet', root, clone])
  const env = { PATH: path, HOME: process.env['HOME'], npm_config_registry: process.env['npm_config_registry'] }
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('npm', args, {
      ...{ cwd: clone, env, encoding: 'utf8', maxBuffer: 1e9 },
      // No time limit of the test ends what blocks its worker.
      timeout: (short ? 5 : 25) * 60_000,
    })
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

/** The programs of the packages without which there is no Debian. */
function essentialPrograms(): readonly string[] {
  const ask = (...args: readonly string[]) => spawnSync('dpkg-query', args, { encoding: 'utf8' }).stdout ?? ''
  // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of dpkg-query
  const packages = ask('--show', '--showformat', '${Essential} ${Package}\\n')
    .split('\n')
    .flatMap((line) => (line.startsWith('yes ') ? [line.slice('yes '.length)] : []))
  const files = packages.length === 0 ? [] : ask('--listfiles', ...packages).split('\n')
  return files.filter((file) => /^(?:\/usr)?\/s?bin\/./.test(file) && existsSync(file))
}

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
