import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { valueService, WRITE_AND_READ } from '../../value-service.ts'

const event = (process: number, type: string, f: string, value: unknown): string =>
  `${JSON.stringify({ process, type, f, value })}\n`

const wrote = (value: number): string => event(0, 'invoke', 'write', value) + event(0, 'ok', 'write', value)
const read = (value: number): string => event(1, 'invoke', 'read', null) + event(1, 'ok', 'read', value)
const STALE = wrote(1) + wrote(2) + read(1)
const FRESH = wrote(1) + wrote(2) + read(2)

async function proved(text: string, name = 'history.jsonl', ...more: readonly string[]) {
  const directory = temporaryDirectory()
  const [history, proof] = [join(directory, name), join(directory, 'history.proof')]
  writeFileSync(history, text)
  const { stdout, stderr, exitCode } = await chaosHere(['check', history, '--prove', proof, ...more])
  return { history, proof, stdout, stderr, exitCode }
}

const verify = (history: string, proof: string) => chaosHere(['verify', history, proof])

describe('chaos check --prove', () => {
  test.each([
    ['met', FRESH, 0],
    ['violated', STALE, 1],
  ] as const)(
    'chaos check --prove writes a proof that chaos verify accepts if linearizability is %s',
    async (_, text, code) => {
      const { history, proof, stdout, exitCode } = await proved(text, 'history.jsonl', '--expect', 'linearizable')
      expect(exitCode).toBe(code)
      expect(stdout).toContain(`chaos verify ${history} ${proof}`)
      const verified = await verify(history, proof)
      expect(verified.exitCode, verified.stdout + verified.stderr).toBe(0)
      expect(verified.stdout).toContain('linearizable')
    },
  )

  test('chaos check --prove writes a proof that chaos verify refuses for another history', async () => {
    const { proof } = await proved(FRESH)
    const { history } = await proved(STALE)
    expect((await verify(history, proof)).exitCode).toBe(1)
  })

  test('chaos verify refuses a proof whose verdict was changed from violated to met', async () => {
    const { history, proof } = await proved(STALE)
    writeFileSync(proof, readFileSync(proof, 'utf8').replaceAll('"core"', '"order"').replaceAll('violated', 'met'))
    expect((await verify(history, proof)).exitCode).toBe(1)
  })

  test('chaos check --prove writes the history next to the proof if the file is not in JSON lines', async () => {
    const edn = '{:process 0, :type :invoke, :f :write, :value 1}\n{:process 0, :type :ok, :f :write, :value 1}\n'
    const { history, proof, stdout } = await proved(edn, 'history.edn')
    expect(stdout).toContain(`chaos verify ${proof}.history.jsonl ${proof}`)
    expect((await verify(`${proof}.history.jsonl`, proof)).exitCode).toBe(0)
    const { exitCode, stdout: refused } = await verify(history, proof)
    expect(exitCode).toBe(1)
    expect(refused).toContain(`chaos verify ${proof}.history.jsonl ${proof}`)
  })

  test('chaos check --prove writes the history next to the proof if --order time reordered its lines', async () => {
    const at = (process: number, type: string, f: string, value: unknown, time: number): string =>
      `${JSON.stringify({ process, type, f, value, time })}\n`
    const late = at(1, 'invoke', 'read', null, 50) + at(1, 'ok', 'read', 1, 60)
    const first = at(0, 'invoke', 'write', 1, 10) + at(0, 'ok', 'write', 1, 20)
    const second = at(2, 'invoke', 'write', 2, 30) + at(2, 'ok', 'write', 2, 40)
    const { proof } = await proved(first + late + second, 'history.jsonl', '--order', 'time')
    const { exitCode, stdout } = await verify(`${proof}.history.jsonl`, proof)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('linearizable is violated')
  })

  test('chaos check --prove --json lists which verdicts are proved', async () => {
    const { stdout, proof, history } = await proved(FRESH, 'history.jsonl', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      proof: { file: proof, history, levels: { linearizable: { proved: true } } },
    })
  })

  test('chaos check --prove overwrites an earlier proof, but no other file', async () => {
    const { history, proof } = await proved(FRESH)
    expect((await chaosHere(['check', history, '--prove', proof])).exitCode).toBe(0)
    expect((await chaosHere(['check', history, '--prove', history])).exitCode).toBe(3)
    writeFileSync(proof, 'notes')
    expect((await chaosHere(['check', history, '--prove', proof])).exitCode).toBe(3)
  })

  test('a proof adds a button to the report only if the compressed history and proof take at most 2 MB', async () => {
    const noise = (length: number): string => randomBytes(length).toString('hex')
    for (const [length, hasButton] of [
      [0, true],
      [2_000_000, false],
    ] as const) {
      const report = join(temporaryDirectory(), 'report.html')
      const note = `${JSON.stringify({ process: 'nemesis', type: 'info', f: 'note', value: noise(length) })}\n`
      const { history, proof } = await proved(FRESH + note, 'history.jsonl', '--out', report)
      const page = readFileSync(report, 'utf8')
      expect(page.includes('id="verify"')).toBe(hasButton)
      expect(page).toContain(`chaos verify ${history} ${proof}`)
    }
  })

  test('chaos check --prove says on stderr why it wrote no file, even with --quiet', async () => {
    const mark = { process: 'recorder', type: 'info', f: 'touched', key: 'x', value: { what: 'EVAL', why: 'unread' } }
    const { exitCode, stderr, proof } = await proved(`${STALE}${JSON.stringify(mark)}\n`, 'history.jsonl', '--quiet')
    expect(stderr).toContain(`--prove ${proof} wrote no file: no proof of linearizable`)
    expect([exitCode, existsSync(proof)]).toEqual([0, false])
  })

  test('a file with equal times of different clients has no proof, because its events are in no order', async () => {
    const rows = 'client,op,key,value,start_ms,end_ms,status\na,write,x,1,1000,1010,ok\nb,read,x,1,1010,1020,ok\n'
    const { stderr } = await proved(rows, 'operations.csv')
    expect(stderr).toContain(
      'events with equal or close times are in no order, and chaos verify reads events in one order',
    )
  })

  test('refuses several files', async () => {
    const { history, proof } = await proved(FRESH)
    const { history: other } = await proved(STALE)
    expect((await chaosHere(['check', history, other, '--prove', proof])).exitCode).toBe(3)
  })
})

describe('chaos run --prove', () => {
  const run = (...more: readonly string[]) => {
    const directory = temporaryDirectory()
    const proof = join(directory, 'run.proof')
    const words = [
      'run',
      '--target',
      'raft',
      '--time',
      '2s',
      '--seed',
      '1',
      '--out',
      directory,
      '--prove',
      proof,
      ...more,
    ]
    return chaosHere(words).then((done) => ({ ...done, directory, proof }))
  }

  test('chaos run --prove writes a proof that chaos verify accepts, and lists the proved levels in its JSON', async () => {
    const { stdout, stderr, exitCode } = await run('--json')
    expect(exitCode, stderr).toBe(0)
    const { proof } = JSON.parse(stdout)
    expect(proof.levels.linearizable).toMatchObject({ proved: true })
    const verified = await verify(proof.history, proof.file)
    expect(verified.exitCode, verified.stdout + verified.stderr).toBe(0)
  })

  test('refuses several runs', async () => {
    expect((await run('--times', '2')).exitCode).toBe(3)
  })
})

test('chaos record --prove writes a proof that chaos verify accepts', async () => {
  const { cwd, record } = valueService()
  const words = [...record, '--json', '--prove', join(cwd, 'record.proof'), ...WRITE_AND_READ]
  const { stdout, stderr } = await chaosHere(words, { cwd })
  const { proof } = JSON.parse(stdout)
  expect(proof.levels.linearizable, stderr).toMatchObject({ proved: true })
  expect((await verify(proof.history, proof.file)).exitCode).toBe(0)
})

test('a violation found by chaos fuzz is proved by chaos check --prove', async () => {
  const directory = temporaryDirectory()
  const words = ['fuzz', '--bug', 'stale-read', '--seeds', '400', '--workers', '1', '--out', directory]
  expect((await chaosHere(words)).exitCode).toBe(1)
  const found = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const history = found.find((path) => path.endsWith('.jsonl')) ?? ''
  const proof = join(directory, 'found.proof')
  const { stdout } = await chaosHere(['check', join(directory, history), '--prove', proof, '--json'])
  const told = JSON.parse(stdout).proof
  expect(told.levels.linearizable).toMatchObject({ proved: true })
  expect((await verify(told.history, told.file)).exitCode).toBe(0)
})
