import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Exhibit, gallery } from '@chaosproxy/scenarios'
import { hasCompiler } from '@chaosproxy/targets'
import { describe, expect, test } from 'vitest'
import { chaosHere, root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { whyNotInstalled } from '../../../src/gallery/install.ts'
import { judgeTrial } from '../../../src/gallery/trial.ts'
import { processesMentioning, until } from '../../processes.ts'

describe('the outcome of a trial', () => {
  const judged = (exitCode: number | null, result: object, breaks = 'linearizable') =>
    judgeTrial(exitCode, { stdout: `a line before\n${JSON.stringify(result)}\n`, stderr: 'why\n' }, breaks).outcome
  const run = (result: string) => ({ title: 'A title', levels: { linearizable: { result } } })
  const search = (found: boolean, kind?: string) => ({
    ...{ level: 'linearizable', found, trials: 9 },
    failures: kind === undefined ? [] : [{ kind, sentence: 'A sentence' }],
  })

  test('the outcome of a trial is "found" if the run failed because the level is violated', () => {
    expect(judged(1, run('violated'))).toBe('found')
    expect(judged(1, search(true, 'violation'))).toBe('found')
  })

  test('the outcome of a trial is "clean" if the run passed with the level met, or if the search found nothing', () => {
    expect(judged(0, run('met'))).toBe('clean')
    expect(judged(0, search(false))).toBe('clean')
  })

  test.each([
    ['the level is unknown', 2, run('unknown')],
    ['the level is violated, but the run passed', 0, run('violated')],
    ['the level is met, but something else failed', 1, run('met')],
    ['the level is met, but the run proved nothing', 2, run('met')],
    ['another level was searched for', 1, { ...search(true, 'violation'), level: 'eventual' }],
    ['the search found that the program breaks', 1, search(true, 'broken')],
    ['the search was vacuous', 2, search(false)],
    ['the run was ended from outside', null, {}],
  ])('the outcome of a trial is "other" if %s', (_, exitCode, result) => {
    expect(judged(exitCode, result)).toBe('other')
  })

  test('a trial whose run printed no result is reported with the last line of stderr', () => {
    const said = { stdout: '', stderr: 'first\n  redis-server ended at once\n' }
    expect(judgeTrial(4, said, 'linearizable')).toEqual({ outcome: 'other', said: 'redis-server ended at once' })
  })
})

describe('the installation of npm packages', () => {
  test('an npm installation that differs from the lock file is reported as outdated, with a remedy', () => {
    const said = `npm error code EUSAGE
npm error
npm error \`npm ci\` can only install packages when your package.json and package-lock.json are in sync.
npm error
npm error Invalid: lock file's ioredis@6.0.0 does not satisfy ioredis@5.4.1
npm error Missing: redis-parser@3.0.0 from lock file
npm error Missing: lodash.defaults@4.2.0 from lock file
`
    expect(whyNotInstalled(said, 1, '/examples/lock')).toBe(
      "its package-lock.json is not in step with its package.json (Invalid: lock file's ioredis@6.0.0 does not satisfy ioredis@5.4.1; Missing: redis-parser@3.0.0 from lock file): npm install --package-lock-only --prefix /examples/lock",
    )
  })

  test.each([
    [
      'npm error code ENOTFOUND\nnpm error errno ENOTFOUND\nnpm error network request failed\n',
      'network request failed',
    ],
    ['', 'npm ci ended with 1'],
  ])('a failed npm installation is reported with the message of npm: %j', (said, why) => {
    expect(whyNotInstalled(said, 1, '/examples/lock')).toBe(`its packages cannot be installed from npm: ${why}`)
  })
})

describe('chaos gallery', () => {
  test('lists every exhibit', async () => {
    const { stdout, exitCode } = await chaosHere(['gallery'])
    expect(exitCode).toBe(0)
    for (const { name } of gallery) expect(stdout).toContain(name)
    expect(JSON.parse((await chaosHere(['gallery', '--json'])).stdout)).toHaveLength(gallery.length)
  })

  test('chaos gallery prints the link and the command of an exhibit', async () => {
    const { stdout } = await chaosHere(['gallery', 'show', 'ioredis-incr'])
    expect(stdout).toContain('https://github.com/redis/ioredis')
    expect(stdout).toMatch(/npx chaos record --name redis/)
  })

  test.each([
    [['gallery', 'shwo'], /no such action.*show and run.*Did you mean show\?/],
    [['gallery', 'run'], /name a weakness, such as chaos gallery run \S+, or all of them by --all/],
    [['gallery', 'run', 'ioredis-inc'], /no weakness ioredis-inc\..*Did you mean ioredis-incr\?/],
    [['gallery', 'run', '--all', 'ioredis-incr'], /exclude each other/],
    [['gallery', 'run', '--all', '--seeds', '0'], /--seeds 0/],
    [['gallery', '--all'], /--all works only with chaos gallery run NAME/],
    [['gallery', 'run', 'ioredis-incr', '--markdown', join(root, 'README.md')], /--force/],
  ])('refuses %j', async (args, message) => {
    const { stderr, exitCode } = await chaosHere(args)
    expect(exitCode).toBe(3)
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(message)
  })

  test('chaos gallery refuses to run an example whose server is not installed, and prints the install command', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      const { stderr, exitCode } = await chaosHere(['gallery', 'run', 'ioredis-incr'])
      expect(exitCode).toBe(4)
      expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(/ioredis-incr: redis-server is missing: apt-get install/)
    } finally {
      process.env['PATH'] = path
    }
  })
})

test.skipIf(!hasCompiler())(
  'a trial and its processes end if the process that started the trial is killed',
  async () => {
    const out = temporaryDirectory()
    const { child, finished } = startChaos(['gallery', 'run', 'lease-clock-jump', '--seeds', '100', '--out', out])
    const running = async (): Promise<number[]> =>
      (await processesMentioning(out)).map((line) => Number.parseInt(line, 10)).filter((pid) => pid !== child.pid)
    await until(async () => {
      const [trial, server] = await running()
      // A trial that was stopped by SIGSTOP cannot end by itself.
      return trial !== undefined && server !== undefined && isSignalled(trial, 'SIGSTOP')
    })
    child.kill('SIGKILL')
    await finished
    try {
      await until(async () => (await running()).length === 0, 30_000)
    } finally {
      for (const pid of await running()) isSignalled(pid, 'SIGKILL')
    }
  },
)

function isSignalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Returns the values of each option in order, and the words after `--`. The order of the options does not matter. */
function optionsIn(words: readonly string[]): { readonly [option: string]: readonly string[] } {
  const options: { [option: string]: string[] } = {}
  let option = ''
  for (const word of words) {
    if (word.startsWith('--') && option !== '--') option = word
    else options[option] = [...(options[option] ?? []), word]
  }
  return options
}

/** Returns the words of a README's command line, without its variables. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

describe.each(gallery.filter(({ program }) => program !== undefined))(
  'the program of $name',
  ({ program, args, cure }: Exhibit) => {
    const folder = join(root, 'examples', program ?? '')
    const page = join(folder, 'README.md')

    test('the program of an exhibit is an example with pinned package versions', () => {
      const file = join(folder, 'package.json')
      const { dependencies = {} } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
      for (const version of Object.values(dependencies)) expect(version).toMatch(/^(npm:\S+@)?\d/)
      if (Object.keys(dependencies).length === 0) return
      const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
      expect(lock.packages[''].dependencies).toEqual(dependencies)
    })

    if (existsSync(page))
      test('the page of an example shows the same commands as its exhibit', () => {
        const commands = readFileSync(page, 'utf8')
          .replaceAll('\\\n', ' ')
          .split('\n')
          .filter((line) => line.startsWith('npx chaos'))
          .map((line) => optionsIn(wordsOf(line).slice(2)))
        for (const words of [args, cure.args]) {
          const wanted = optionsIn(words.map((word) => (word === '{seed}' ? '1' : word)))
          // The page of a run without faults shows no seed.
          const { '--seed': _, ...seedless } = wanted
          expect(commands.some((command) => same(command, wanted) || same(command, seedless))).toBe(true)
        }
      })
  },
)

const same = (a: object, b: object): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
const sorted = (options: object) => Object.entries(options).toSorted(([a], [b]) => (a < b ? -1 : 1))
