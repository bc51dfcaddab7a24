import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bin, root, startProcess } from '../../../../testing/src/chaos.ts'
import { installed } from '../../../../testing/src/servers.ts'

// Runs every command in the README of every example, in a copy of the example with its packages installed. The commands
// above the README's cure find a violation, and the commands below it find none.

const examples = join(root, 'examples')
const copies = mkdtempSync(join(tmpdir(), 'chaos-examples-'))
// Removing the copies takes long, because each copy of an example contains hundreds of packages.
afterAll(() => rmSync(copies, { recursive: true, force: true }), 10 * 60_000)

const folders = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(join(examples, entry.name)).includes('README.md'))
  .map(({ name }) => name)
/** Examples with separate tests: the bank, which is compared with a target, and the payments, which need containers. */
const OWN_TESTS = ['bank-postgres', 'compose-payments']
const names = folders.filter((name) => !OWN_TESTS.includes(name))

/** Returns the commands in the shell blocks of a text. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' ')),
  )

const short = process.env['CHAOS_SOAK'] === 'short'
/** The short soak runs one example with lost replies, and one without faults. */
const SHORT = ['ioredis-incr', 'bullmq-stalled']

const withSeeds = (command: string): string[] =>
  command.includes('--seed 1') && !short
    ? [1, 2, 3].map((seed) => command.replace('--seed 1', `--seed ${seed}`))
    : [command]

const NEEDED = ['redis-server', 'curl', 'wrk']
const lacks = (text: string): string | undefined => {
  if (text.includes('postgres.mjs') && installed('initdb') === undefined && !hasDebianPostgres()) return 'initdb'
  return NEEDED.find((program) => text.includes(program) && installed(program) === undefined)
}

function hasDebianPostgres(): boolean {
  try {
    return readdirSync('/usr/lib/postgresql').length > 0
  } catch {
    return false
  }
}

/** Copies an example. In the copy, `npx chaos` runs the local build. */
function copyOf(name: string): string {
  const copy = join(copies, name)
  cpSync(join(examples, name), copy, { recursive: true, filter: (path) => !/node_modules|chaos-results/.test(path) })
  mkdirSync(join(copy, 'node_modules', '.bin'), { recursive: true })
  return copy
}

async function run(cwd: string, command: string) {
  const { exitCode, stdout, stderr } = await startProcess('bash', ['-c', command], { cwd }).finished
  return { exitCode, text: `${command}\n${stdout}${stderr}` }
}

describe.each(short ? SHORT : names)('%s', (name) => {
  const text = readFileSync(join(examples, name, 'README.md'), 'utf8')
  const [before = '', after = ''] = text.split('## The cure')
  const lacking = lacks(text)

  test.skipIf(lacking !== undefined)(
    `an example has commands that exit with 1 before the fix and with 0 after the fix${lacking === undefined ? '' : `: ${lacking} is missing`}`,
    async () => {
      const cwd = copyOf(name)
      for (const command of commandsOf(before).filter((command) => command.startsWith('npm '))) {
        const { exitCode, text: said } = await run(
          cwd,
          command.replace('npm install', 'npm install --no-audit --no-fund'),
        )
        expect(exitCode, said).toBe(0)
      }
      rmSync(join(cwd, 'node_modules', '.bin', 'chaos'), { force: true })
      symlinkSync(bin, join(cwd, 'node_modules', '.bin', 'chaos'))
      const verdicts = async (part: string, wanted: number) => {
        const commands = commandsOf(part).filter((command) => /^(PGOPTIONS='[^']*' )?npx chaos/.test(command))
        expect(commands).not.toEqual([])
        for (const command of commands.flatMap(withSeeds)) {
          const { exitCode, text: said } = await run(cwd, command)
          expect(exitCode, said).toBe(wanted)
        }
      }
      await verdicts(before, 1)
      await verdicts(after, 0)
    },
  )
})

test('the index of the examples contains every example', () => {
  const index = readFileSync(join(examples, 'README.md'), 'utf8')
  for (const name of folders) expect(index).toContain(`](${name}/README.md)`)
})
