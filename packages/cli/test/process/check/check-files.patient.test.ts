import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect } from 'vitest'
import { checkRead } from '../../../../engine/src/check/check-file.ts'
import { chaos, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { parseCheckSettings } from '../../../src/check/use.ts'

const bin = join(root, 'packages', 'cli', 'bin', 'chaos.js')
const history = (name: string) => join(root, 'histories', `${name}.jsonl`)

/** Copies histories under other names into a new directory. */
function someFiles(names: { readonly [file: string]: string }): string {
  const directory = temporaryDirectory()
  for (const [file, name] of Object.entries(names)) copyFileSync(history(name), join(directory, file))
  return directory
}

test('a recording that is split into several files is checked like a single file', async () => {
  const cwd = temporaryDirectory()
  const lines = writesAndReads(200, 4, 120).trimEnd().split('\n')
  writeFileSync(join(cwd, 'whole.jsonl'), lines.join('\n'))
  mkdirSync(join(cwd, 'parts'))
  for (const n of [0, 1, 2])
    writeFileSync(
      join(cwd, 'parts', `part-${n + 1}.jsonl.gz`),
      gzipSync(`${lines.slice(n * 150, (n + 1) * 150).join('\n')}\n`),
    )
  const told = async (file: string) => {
    const { exitCode, stdout } = await chaosHere(['check', file, '--expect', 'linearizable', '--json'], { cwd })
    // The repeat command contains the file's name, so it is removed.
    return { exitCode, ...JSON.parse(stdout), file: '', timing: {}, telling: {} }
  }
  const whole = await told('whole.jsonl')
  expect(whole.levels.linearizable.result).toBe('violated')
  expect(await told('parts')).toEqual(whole)
})

/**
 * Three clients take turns to write the keys, and a fourth client reads each written value. The first read after
 * operation `staleAt` is stale: it returns the key's previous value.
 */
function writesAndReads(operations: number, keys: number, staleAt: number | undefined): string {
  const lines: string[] = []
  const last = new Map<number, number | null>()
  for (let i = 0; i < operations; i += 2) {
    const key = (i / 2) % keys
    const read = staleAt !== undefined && i >= staleAt && i < staleAt + 2 ? (last.get(key) ?? null) : i
    last.set(key, i)
    for (const [process, f, value] of [
      [i % 3, 'write', i],
      [3 + (i % 2), 'read', read],
    ]) {
      for (const type of ['invoke', 'ok']) {
        lines.push(
          JSON.stringify({ process, type, f, key: `k${key}`, value: f === 'read' && type === 'invoke' ? null : value }),
        )
      }
    }
  }
  return `${lines.join('\n')}\n`
}

const filesOf = (stdout: string): string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).file)

describe('a pattern of file names in chaos check', () => {
  test('a file name pattern selects each matching file once, in the order of the numbers in the names', async () => {
    const cwd = someFiles({ 'run-10.jsonl': 'fresh-read', 'run-2.jsonl': 'stale-read', 'notes.txt': 'fresh-read' })
    const args = ['check', '--json', 'run-10.jsonl', '*.jsonl']
    const { exitCode, stdout } = await chaosHere(args, { cwd })
    expect(filesOf(stdout)).toEqual(['run-10.jsonl', 'run-2.jsonl'])
    expect(exitCode).toBe(0)
    expect(filesOf((await chaosHere(['check', '--json', 'run-*.jsonl'], { cwd })).stdout)).toEqual([
      'run-2.jsonl',
      'run-10.jsonl',
    ])
    expect(filesOf((await chaosHere(['check', '--json', join(cwd, '**/*-2.jsonl')])).stdout)).toEqual([
      join(cwd, 'run-2.jsonl'),
    ])
  })

  test('a file name pattern is read as a file name if such a file exists', async () => {
    const cwd = someFiles({ '[1].jsonl': 'fresh-read', '1.jsonl': 'fresh-read' })
    expect(filesOf((await chaosHere(['check', '--json', '[1].jsonl'], { cwd })).stdout)).toEqual(['[1].jsonl'])
  })

  test('a pattern that matches no file is reported, and the other files are still checked', async () => {
    const cwd = someFiles({ 'a.jsonl': 'fresh-read' })
    const alone = await chaosHere(['check', 'runs/*.jsonl'], { cwd })
    expect(alone.stderr).toContain(
      `runs/*.jsonl: no file matches this pattern below ${cwd}. Check it with ls; ** stands for any directories.`,
    )
    expect([alone.exitCode, alone.stdout]).toEqual([3, ''])
    const both = await chaosHere(['check', 'runs/*.jsonl', '*.jsonl'], { cwd })
    expect(both.stdout).toMatch(/a\.jsonl +register/)
    expect(both.stdout).toContain('runs/*.jsonl: no file matches')
    expect(both.exitCode).toBe(3)
  })

  test('a pattern that matches several files is refused with --out', async () => {
    const cwd = someFiles({ 'a.jsonl': 'fresh-read', 'b.jsonl': 'fresh-read' })
    const { exitCode, stderr } = await chaosHere(['check', '*.jsonl', '--out', 'report.html'], { cwd })
    expect(stderr).toContain('--out report.html: a report shows one file, but 2 were given.')
    expect(exitCode).toBe(3)
  })
})

describe('chaos check -', () => {
  const piped = (input: Uint8Array, ...args: readonly string[]) =>
    spawnSync(process.execPath, [bin, 'check', '-', ...args], { input, encoding: 'utf8', cwd: root })

  test('chaos check reads stdin, compressed or not', () => {
    const plain = readFileSync(history('stale-read'))
    for (const input of [plain, gzipSync(plain)]) {
      const { status, stdout } = piped(input, '--expect', 'linearizable')
      expect(stdout).toMatch(/NOT LINEARIZABLE +stdin · register · 6 operations/)
      expect(status).toBe(1)
    }
  })

  patientTest('chaos check reports an error in stdin like an error in a file', () => {
    expect(piped(Buffer.from('')).stderr).toContain('stdin: this file is empty')
    expect(piped(Buffer.from('{"process":0}\n')).stderr).toContain('stdin:1: "type" is missing.')
  })

  test('chaos check reads stdin only once', async () => {
    expect(await chaosHere(['check', '-', '-'])).toMatchObject({
      exitCode: 3,
      stderr: '-: stdin can be read only once. Give - once.\n',
    })
  })
})

describe('chaos check --explain', () => {
  test('chaos check --explain prints the possible values, the lines of the operations, and every order', async () => {
    const { stdout } = await chaosHere(['check', history('stale-read'), '--explain'])
    expect(stdout).toContain('When p1 read x → 1 was called, the only possible value was 2.')
    expect(stdout).toMatch(/culprit +p1 read → 1 +n2 +0\.014 s +0\.015 s +lines 6–7/)
    expect(stdout).toMatch(/Sequentially consistent: met\. One order of 6 operations explains every result/)
    const { stdout: cycle } = await chaosHere(['check', history('readers-disagree'), '--explain'])
    expect(cycle).toContain('Each of these must come before the next, and the last before the first:')
    expect(cycle).toMatch(
      /^ {6}before p\d write . 1 → ok \(lines .+\): the first operation saw a value that the second replaced$/m,
    )
  })

  test('chaos check --explain prints the explanations of several files above the table of the files', async () => {
    const { stdout } = await chaosHere(['check', history('stale-read'), history('fresh-read'), '--explain'])
    expect(stdout.indexOf('the only possible value was 2')).toBeGreaterThan(0)
    expect(stdout.indexOf('the only possible value was 2')).toBeLessThan(stdout.indexOf('linearizable  sequential'))
  })
})

describe('chaos check --expect linearizable', () => {
  const lines = (...events: readonly object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('')
  const operation = (f: string, value: number | string, model: string): string =>
    lines(
      { chaos: 1, model },
      { process: 0, type: 'invoke', f, value },
      { process: 0, type: 'ok', f, value },
      { process: 0, type: 'invoke', f: f === 'put' ? 'get' : 'dequeue', value: null },
      { process: 0, type: 'ok', f: f === 'put' ? 'get' : 'dequeue', value },
    )

  test.each([
    ['a queue without reads and writes as met', operation('enqueue', 1, 'queue'), 0],
    ['get and put of a key-value store as met', operation('put', 'a', 'key-value'), 0],
    ['the writes of a register alone as unknown', lines({ process: 0, type: 'invoke', f: 'write', value: 1 }), 2],
    ['a queue without operations as unknown', lines({ chaos: 1, model: 'queue' }), 2],
  ])('chaos check judges %s, and exits with 0 for met or 2 for unknown', async (_, content, expected) => {
    const file = join(temporaryDirectory(), 'history.jsonl')
    writeFileSync(file, content)
    expect((await chaosHere(['check', file, '--expect', 'linearizable'])).exitCode).toBe(expected)
  })
})

test('an operation that is unknown to its model is refused with file and line', async () => {
  const file = join(temporaryDirectory(), 'odd.jsonl')
  const event = (type: string, f: string) => JSON.stringify({ process: 0, type, f, value: 1 })
  writeFileSync(file, `${[event('invoke', 'write'), event('ok', 'write'), event('invoke', 'frob')].join('\n')}\n`)
  const { stderr, exitCode } = await chaosHere(['check', file])
  expect(stderr).toContain(`${file}:3: the register model does not know the operation "frob"`)
  expect(exitCode).toBe(3)
})

describe('chaos check --workers', () => {
  const names = ['stale-read', 'fresh-read', 'split-brain', 'readers-disagree'] as const

  patientTest(
    'chaos check with workers prints the output of a check with one thread, and keeps the order of the files',
    async () => {
      const args = ['check', '--json', ...names.map(history), 'nowhere.jsonl']
      const withoutTimes = (stdout: string) => stdout.replaceAll(/"timing":\{[^}]*\}/g, '')
      const [alone, several] = await Promise.all([chaos(args), chaos([...args, '--workers', '2'])])
      expect(filesOf(several.stdout)).toEqual([...names.map(history), 'nowhere.jsonl'])
      expect(withoutTimes(several.stdout)).toBe(withoutTimes(alone.stdout))
      expect(several.exitCode).toBe(3)
    },
  )

  patientTest('the explanation of one file is the same with and without a worker', async () => {
    const withoutTimes = (stdout: string) => stdout.replaceAll(/[\d.]+ m?s/g, '').replaceAll(/ +/g, ' ')
    const one = await chaosHere(['check', history('stale-read'), '--explain'])
    const other = await chaos(['check', history('stale-read'), '--explain', '--workers', '1'])
    expect(withoutTimes(other.stdout)).toBe(withoutTimes(one.stdout))
  })

  patientTest.each([
    ['linearizable', undefined],
    ['not linearizable', 17_000],
  ])('threads share the keys of one %s history, and the report is that of a single thread', async (_, staleAt) => {
    const file = join(temporaryDirectory(), 'keys.jsonl')
    writeFileSync(file, writesAndReads(21_000, 7, staleAt))
    const args = ['check', file, '--json', '--workers']
    const [alone, several] = await Promise.all([chaos([...args, '1']), chaos([...args, '3'])])
    const reports = [alone, several].map(({ stdout }) => ({ ...JSON.parse(stdout), timing: undefined }))
    // The size of a counterexample depends on time: on a slow machine one may not be fully reduced.
    if (reports.some((report) => report.levels.linearizable.counterexample?.uncut !== undefined))
      for (const { levels } of reports)
        for (const level of Object.keys(levels)) levels[level] = { result: levels[level].result }
    expect(reports[1]).toEqual(reports[0])
    const { levels } = reports[1]
    expect(levels.linearizable.result).toBe(staleAt === undefined ? 'met' : 'violated')
    expect(levels.sequential.result).toBe('met')
  })

  patientTest.each(['1', '2'])(
    'a check that exceeds the memory limit is stopped, and its progress is reported (--workers %s)',
    async (workers) => {
      const file = join(temporaryDirectory(), 'large.jsonl.gz')
      writeFileSync(file, gzipSync(writesAndReads(60_000, 1, undefined)))
      const limited = await chaos(['check', file, '--memory', '5MB', '--workers', workers, '--json'])
      expect(limited.exitCode).toBe(2)
      const { headline, error } = JSON.parse(limited.stdout)
      expect(headline).toBe('unknown')
      expect(error).toMatch(
        /large\.jsonl\.gz: out of memory while reading \(see --memory 5MB\) after [\d,]+ events in \d+MB of text, so nothing is known about the history\. Raise the limit, or check a shorter history\.$/,
      )
      expect((await chaos(['check', file, '--memory', '2GB', '--workers', workers])).exitCode).toBe(0)
    },
  )

  test('the time limit of a search does not include the reading of the file', async () => {
    const file = history('fresh-read')
    const { spec, reporters } = parseCheckSettings({ timeout: '5s', memory: '1GB', json: true })
    const screen = { colours: false, terminal: { width: 80, unicode: true } }
    const task = { file, settings: spec, alone: true, again: '', output: { reporters, screen } }
    const { part } = await checkRead(task, { history: await readHistory(file), parseMs: 60_000 })
    const [json] = part.texts
    expect(JSON.parse(json !== undefined && 'content' in json ? json.content : '')).toMatchObject({
      timing: { parseMs: 60_000 },
      levels: { linearizable: { result: 'met' } },
    })
  })

  patientTest('a check with workers that exceeds its time limit is stopped', async () => {
    // 10 GB of empty lines, compressed to 10 MB. The code that reads lines does not check the time limit.
    const file = join(temporaryDirectory(), 'endless.jsonl.gz')
    const event = '{"process":0,"type":"invoke","f":"read"}\n'
    const emptiness = gzipSync(Buffer.alloc(50_000_000, '\n'))
    writeFileSync(file, Buffer.concat([gzipSync(event), ...new Array<Buffer>(200).fill(emptiness)]))
    const args = ['check', file, history('fresh-read'), '--timeout', '100ms', '--workers', '2', '--json']
    const { stdout, exitCode } = await chaos(args)
    const [stopped, checked] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(stopped.error).toMatch(
      /endless\.jsonl\.gz: out of time while reading \(see --timeout\): stopped after \d+\.\d+ s, and nothing is known$/,
    )
    expect(checked.levels.linearizable.result).toBe('met')
    expect(exitCode).toBe(2)
  })

  test('--workers refuses a value that is not a number of threads', async () => {
    const { stderr } = await chaosHere(['check', history('fresh-read'), '--workers', 'all'])
    expect(stderr).toContain('--workers all: must be a whole number from 1 to 256.')
  })
})
