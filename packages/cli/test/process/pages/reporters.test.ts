import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)

test('several reporters write at the same time, each to its own file, and the command still prints the result', async () => {
  const directory = temporaryDirectory()
  const files = ['junit', 'tap', 'markdown', 'json', 'html', 'jsonl', 'dot', 'default'] as const
  const chosen = files.flatMap((name) => ['--reporter', `${name}=${join(directory, name)}`])
  const { stdout, exitCode } = await chaosHere([
    ...['check', history('stale-read'), '--expect', 'linearizable', '--reporter', 'github'],
    ...chosen,
  ])
  expect(exitCode).toBe(1)
  expect(stdout).toContain('NOT LINEARIZABLE')
  expect(stdout).toMatch(/^::error file=.*stale-read\.jsonl,line=\d+,title=/m)
  const sentence = JSON.parse(readFileSync(join(directory, 'json'), 'utf8')).levels.linearizable.reason
  const words = (text: string) =>
    text.replaceAll(/\s+/g, ' ').replaceAll('’', "'").replaceAll('&#39;', "'").toLowerCase()
  for (const name of files)
    expect(words(readFileSync(join(directory, name), 'utf8')), name).toContain(words(sentence).slice(0, 30))
})

test('a file of annotations is emptied by a check without a finding', async () => {
  const file = join(temporaryDirectory(), 'annotations')
  const options = ['--expect', 'linearizable', '--reporter', `github=${file}`, '--force']
  await chaosHere(['check', history('stale-read'), ...options])
  expect(readFileSync(file, 'utf8')).toMatch(/^::error /)
  expect((await chaosHere(['check', history('fresh-read'), ...options])).exitCode).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe('')
})

test('a reporter reports the verdict on each of several files, and each file that cannot be read', async () => {
  const { stdout, exitCode } = await chaosHere([
    ...['check', history('fresh-read'), history('stale-read'), '/no/such.jsonl', '--reporter', 'tap'],
  ])
  const points = stdout.split('\n').filter((line) => /^(not )?ok /.test(line))
  expect(points).toEqual([
    expect.stringMatching(/^ok 1 - .*fresh-read\.jsonl: Linearizable$/),
    expect.stringMatching(/^ok 2 - .*stale-read\.jsonl: [^(]+ \(not linearizable\)$/),
    'not ok 3 - check /no/such.jsonl: Not checked',
  ])
  expect(exitCode).toBe(3)
})

test('the reporter tap reports a run', async () => {
  const out = temporaryDirectory()
  const args = ['--seed', '1', '--out', out, '--reporter', 'tap']
  const run = await chaosHere(['run', '--sim', '--time', '1s', '--rate', '200', '--faults', 'none', ...args])
  expect({ ...run, stdout: run.stdout.split('\n')[2] }).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: 'ok 1 - run sim:raft, 5 nodes: Linearizable',
  })
})

test.each([
  [['tap', 'json'], '--reporter tap and --reporter json would both write to stdout'],
  [['tapp'], 'Did you mean tap?'],
  [['junit='], '--reporter junit=: name a file'],
])('--reporter %s is refused before anything is checked', async (names, said) => {
  const typed = names.flatMap((name) => ['--reporter', name])
  const { stdout, stderr, exitCode } = await chaosHere(['check', history('stale-read'), ...typed])
  expect(stderr).toContain(said)
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 3 })
})

test('--reporter html is refused for a search, with an alternative', async () => {
  const { stderr, exitCode } = await chaosHere(['fuzz', '--seeds', '1', '--reporter', 'html=page.html'])
  expect(stderr).toContain('chaos check FILE --reporter html=report.html')
  expect(exitCode).toBe(3)
})

test('--reporter svg refuses two files, and overwrites only its own earlier picture', async () => {
  const directory = temporaryDirectory()
  const [picture, other] = [join(directory, 'why.svg'), join(directory, 'mine.svg')]
  const check = (...args: readonly string[]) => chaosHere(['check', history('stale-read'), ...args])
  for (let i = 0; i < 2; i++) expect((await check('--reporter', `svg=${picture}`)).exitCode).toBe(0)
  expect(readFileSync(picture, 'utf8')).toContain('Not linearizable')
  writeFileSync(other, '<svg>drawn by hand</svg>')
  expect((await check('--reporter', `svg=${other}`)).exitCode).toBe(3)
  expect(readFileSync(other, 'utf8')).toBe('<svg>drawn by hand</svg>')
  const two = await check(history('fresh-read'), '--reporter', 'svg=two.svg')
  expect(two.stderr).toContain('--reporter svg=two.svg: a report shows one file, but 2 were given')
})

test('no reporter overwrites the history that chaos check reads', async () => {
  const file = join(temporaryDirectory(), 'history.jsonl')
  copyFileSync(history('stale-read'), file)
  const { stderr, exitCode } = await chaosHere(['check', file, '--reporter', `json=${file}`])
  expect(stderr).toContain('this would overwrite a history that is to be checked')
  expect(exitCode).toBe(3)
  expect(readFileSync(file, 'utf8')).toBe(readFileSync(history('stale-read'), 'utf8'))
})

test('a report that cannot be written causes one line with a remedy, and leaves the verdict unchanged', async () => {
  const check = (...args: readonly string[]) =>
    chaosHere(['check', history('stale-read'), '--reporter', 'junit=/no/such/junit.xml', ...args])
  const { stdout, stderr, exitCode } = await check()
  expect(stdout).toContain('NOT LINEARIZABLE')
  expect(stderr).toMatch(
    /--reporter junit=\/no\/such\/junit\.xml: its directory does not exist\. .*try --reporter junit=junit\.txt\.\n$/,
  )
  expect(exitCode).toBe(3)
  expect((await check('--expect', 'linearizable')).exitCode).toBe(1)
})

describe('a user-defined reporter in a file', () => {
  const written = (text: string): string => {
    const file = join(temporaryDirectory(), 'mine.ts')
    writeFileSync(file, text)
    return file
  }

  test('the default export of a user-defined reporter turns the findings into a text', async () => {
    const mine = written(`import type { OwnReporter } from 'chaosproxy'
const report: OwnReporter = (findings) => findings.map(({ name, title }) => \`\${name}: \${title}\\n\`).join('')
export default report`)
    const out = join(temporaryDirectory(), 'said.txt')
    const files = [history('stale-read'), history('fresh-read')]
    const { exitCode, stdout } = await chaosHere([
      'check',
      ...files,
      '--reporter',
      mine,
      '--reporter',
      `${mine}=${out}`,
    ])
    const said = readFileSync(out, 'utf8')
    expect(said).toMatch(
      /stale-read\.jsonl: p0's confirmed write was missing at n2\n.*fresh-read\.jsonl: Linearizable\n$/,
    )
    expect(stdout).toBe(said)
    expect(exitCode).toBe(0)
  })

  test.each([
    ['export default { end: () => 1 }', 'its default export must be a function'],
    ['throw new Error("no luck")', 'does not run: no luck'],
  ])('an invalid user-defined reporter is refused before anything starts: %s', async (text, message) => {
    const { exitCode, stderr, stdout } = await chaosHere(['check', history('stale-read'), '--reporter', written(text)])
    expect(stderr).toContain(message)
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
  })

  test.each([
    ['export default () => { throw new Error("no luck") }', 'it threw: no luck.'],
    ['export default () => 7', 'it returned number, not a string.'],
  ])(
    'a user-defined reporter that fails causes one line on stderr, and leaves the verdict unchanged: %s',
    async (text, message) => {
      const args = ['check', history('stale-read'), '--expect', 'linearizable', '--reporter', written(text)]
      const { exitCode, stderr } = await chaosHere(args)
      expect(stderr).toContain(message)
      expect(stderr).toContain('The verdict stands')
      expect(exitCode).toBe(1)
    },
  )
})

test.each([
  ['--out', '/nonexistent/x.html'],
  ['--reporter', 'html=/nonexistent/x.html'],
])('an unwritable page changes exit code 0 to 3: %s %s', async (...asked) => {
  const { exitCode, stdout, stderr } = await chaosHere(['check', history('fresh-read'), ...asked])
  expect(stdout).not.toContain('/nonexistent/x.html')
  expect(stderr).toMatch(/\/nonexistent\/x\.html: .* The verdict stands/)
  expect(exitCode).toBe(3)
})

describe('chaos check on GitHub Actions', () => {
  const summaryFile = (): string => {
    const file = join(temporaryDirectory(), 'summary.md')
    writeFileSync(file, '# Before\n')
    return file
  }
  const onGitHub = (args: readonly string[], summary: string) =>
    chaos(args, { env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary } })

  test('on GitHub Actions, chaos check prints annotations after the result, and adds the result to the job summary', async () => {
    const summary = summaryFile()
    const { exitCode, stdout } = await onGitHub(['check', history('stale-read'), '--expect', 'linearizable'], summary)
    expect(stdout).toContain('NOT LINEARIZABLE')
    expect(stdout).toMatch(/^::error file=.*stale-read\.jsonl,line=\d+,title=.*not linearizable\)::/m)
    expect(readFileSync(summary, 'utf8')).toMatch(/^# Before\n.*\| ❌ \| .*stale-read\.jsonl/s)
    expect(exitCode).toBe(1)
  })

  test('an unwritable job summary is reported in one line, and leaves the exit code unchanged', async () => {
    const { exitCode, stderr } = await onGitHub(['check', history('fresh-read')], '/nonexistent/summary.md')
    expect(stderr).toMatch(/^GITHUB_STEP_SUMMARY: .*The verdict stands/m)
    expect(exitCode).toBe(0)
  })

  test('on GitHub Actions, chaos check --json prints only JSON to stdout', async () => {
    const summary = summaryFile()
    const { stdout } = await onGitHub(['check', history('stale-read'), '--json'], summary)
    expect(JSON.parse(stdout).headline).toBeDefined()
    expect(readFileSync(summary, 'utf8')).toContain('stale-read')
  })
})
