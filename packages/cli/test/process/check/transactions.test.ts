import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventInput, Json } from '@chaosproxy/history'
import { check } from 'chaosproxy'
import { expect, onTestFinished, test } from 'vitest'
import { chaosHere, root } from '../../../../testing/src/chaos.ts'

const onCall = join(root, 'histories', 'transactions', 'on-call.jsonl')

test('transactions that append are judged by isolation levels, even without --model', async () => {
  const met = await chaosHere(['check', onCall, '--expect', 'snapshot-isolation'])
  expect(met.exitCode).toBe(0)
  const { exitCode, stdout } = await chaosHere(['check', onCall, '--expect', 'serializable', '--json'])
  expect(exitCode).toBe(1)
  const result = JSON.parse(stdout)
  expect(result.model).toBe('list-append')
  expect(result.strongest).toEqual(['strong-snapshot-isolation'])
  expect(result.anomalies).toMatchObject({ 'G2-item': { count: 1, first: [{ lines: [4, 6] }, { lines: [5, 7] }] } })
  expect(result.assumed).toEqual([])
  expect(result.judged).toEqual({ transactions: 4, reads: { total: 6, withSource: 6 } })
  expect(result.levels.serializable.counterexample).toMatchObject({
    anomaly: 'G2-item',
    story: 'write skew',
    refusedBy: 'serializable',
    cycle: [
      { before: 0, after: 1, edge: 'rw', key: 'bob' },
      { before: 1, after: 0, edge: 'rw', key: 'alice' },
    ],
  })
})

test('chaos check names the anomaly of a history of transactions, its cause and its remedy', async () => {
  const { stdout } = await chaosHere(['check', onCall])
  expect(stdout).toContain('Write skew (G2-item): T1 (process 0) read bob = ["on"]')
  expect(stdout).toContain('why: Each transaction decided by values that it had read')
  expect(stdout).toContain('Lock what is read, or check before the commit')
})

test('chaos explain, chaos diff and --require accept transactions', async () => {
  const { stdout: explained } = await chaosHere(['explain', onCall])
  expect(explained).toContain('T1, process 0: read alice = ["on"], read bob = ["on"], append "off" to alice; committed')
  const { stdout: compared } = await chaosHere(['diff', onCall, onCall, '--json'])
  expect(JSON.parse(compared).tellings[0].what).toBe('Transactions did not see each other’s changes')
  const required = await chaosHere(['check', onCall, '--require', 'snapshot-isolation', '--require', 'serializable'])
  expect(required.exitCode).toBe(1)
  expect(required.stdout).toMatch(/✔.*snapshot-isolation[\s\S]*✘.*serializable/)
  for (const name of ['junit', 'markdown', 'tap', 'line'])
    expect((await chaosHere(['check', onCall, '--reporter', name])).stdout, name).toContain('Write skew (G2-item)')
})

test('a misspelt level is answered with the nearest level instead of a list of all levels', async () => {
  const { stderr, exitCode } = await chaosHere(['check', onCall, '--expect', 'snapshot'])
  expect(exitCode).toBe(3)
  expect(stderr).toContain('Did you mean snapshot-isolation?')
  expect(stderr.length).toBeLessThan(160)
})

test('the HTML report draws a lane for each client, and lists the levels in a table', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-drawn-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const page = join(directory, 'page.html')
  await chaosHere(['check', onCall, '--expect', 'serializable', '--out', page])
  const html = readFileSync(page, 'utf8')
  expect(html.match(/class="txn-box/g)).toHaveLength(2)
  expect(html.match(/class="client"/g)).toHaveLength(2)
  expect(html).toContain('T1 did not see what T2 wrote to bob (rw)')
  expect(html).toContain('<table class="isolation">')
  // A narrow screen has no room for the whole heading.
  expect(html).toContain('data-short="session"')
})

test('chaos check --level decides no other level of a history of transactions', async () => {
  const { stdout } = await chaosHere(['check', onCall, '--level', 'serializable', '--json'])
  const { levels } = JSON.parse(stdout)
  expect(levels.serializable.result).toBe('violated')
  expect(levels['snapshot-isolation'].reason).toContain('not asked for')
})

test('a level of single operations is refused for transactions, and a level of transactions for single operations', async () => {
  const transactions = await chaosHere(['check', onCall, '--expect', 'linearizable'])
  expect(transactions.exitCode).toBe(3)
  expect(transactions.stderr).toContain('the list-append model does not have that level')
  const operations = await chaosHere(['check', join(root, 'histories/fresh-read.jsonl'), '--expect', 'serializable'])
  expect(operations.exitCode).toBe(3)
  expect(operations.stderr).toContain('For single operations, use sequential.')
})

test('the history of an Elle test is checked without conversion', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-elle-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'elle.edn')
  writeFileSync(
    file,
    `{:index 0, :time 0, :process 0, :type :ok, :f :txn, :value [[:append :x 1] [:r :y [1]]]}
{:index 1, :time 0, :process 0, :type :ok, :f :txn, :value [[:append :x 2] [:append :y 1]]}
{:index 2, :time 0, :process 0, :type :ok, :f :txn, :value [[:r :x [1 2 1]]]}
`,
  )
  const { stdout } = await chaosHere(['check', file, '--model', 'list-append', '--json'])
  expect(Object.keys(JSON.parse(stdout).anomalies)).toEqual(['duplicate-elements', 'G1c'])
})

test('check() recognises transactions, and gives their strongest level', () => {
  const txn = (process: number, value: Json): readonly EventInput[] => [
    { process, type: 'invoke', f: 'txn', value },
    { process, type: 'ok', f: 'txn', value },
  ]
  const report = check([...txn(0, [['append', 'x', 1]]), ...txn(1, [['r', 'x', [1]]])])
  expect(report.model).toBe('list-append')
  expect(report.headline).toBe('strict-serializable')
})

/** Two doctors on call, recorded at the wire: each sees that the other is on duty, and leaves. */
function onCallRecorded(isolation: string): string {
  const left = (process: number, own: number, other: number) => {
    const read = ['r', `doctors/${other}/on_call`, true]
    const write = ['w', `doctors/${own}/on_call`, false]
    const called = { process, type: 'invoke', f: 'txn', value: [read, write], time: 10 + process }
    const locks = [[`doctors/${own}`, 20 + process, 30]]
    return [called, { ...called, type: 'ok', time: 40 + process, locks, isolation, statements: [['…', 2]] }]
  }
  const [[called, returned], [calledNext, returnedNext]] = [left(0, 1, 2), left(1, 2, 1)] as const
  const directory = mkdtempSync(join(tmpdir(), 'chaos-recorded-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'recorded.jsonl')
  const header = { chaos: 1, model: 'rw-register', initial: 'unknown' }
  const lines = [header, called, calledNext, returned, returnedNext]
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return file
}

test('--expect declared passes if each transaction gets its declared level, even if --expect serializable fails', async () => {
  const file = onCallRecorded('repeatable read')
  const application = await chaosHere(['check', file, '--expect', 'serializable'])
  expect(application.exitCode).toBe(1)
  expect(application.stdout).toContain('NOT SERIALIZABLE')
  const database = await chaosHere(['check', file, '--expect', 'declared'])
  expect(database.exitCode, database.stdout).toBe(0)
  expect(database.stdout).toContain('ISOLATED AS DECLARED, NOT STRICT SERIALIZABLE')
  const broken = await chaosHere(['check', onCallRecorded('serializable'), '--expect', 'declared'])
  expect(broken.exitCode).toBe(1)
  expect(broken.stdout).toContain('NOT ISOLATED AS DECLARED')
  expect(broken.stdout).toContain('T2 asked for serializable')
  expect(broken.stdout).toContain('a standby, a pooler')
})

test('--expect declared is refused if the transactions do not state their isolation level', async () => {
  const { exitCode, stderr } = await chaosHere(['check', onCall, '--expect', 'declared'])
  expect(exitCode).toBe(3)
  expect(stderr).toContain('Only recordings of a database with "transactions":"whole" say')
})

test('--unit is refused if nothing says which operations belong together', async () => {
  const lists = await chaosHere(['check', onCall, '--unit', 'request'])
  expect(lists.exitCode).toBe(3)
  expect(lists.stderr).toContain('needs a recording of whole transactions ("transactions":"whole")')
  const unnamed = await chaosHere(['check', onCallRecorded('serializable'), '--unit', 'request'])
  expect(unnamed.exitCode).toBe(3)
  expect(unnamed.stderr).toContain('no statement names its request')
  const connection = await chaosHere(['check', onCallRecorded('serializable'), '--unit', 'connection'])
  expect(connection.exitCode).toBe(0)
})

test('--unit connection judges recorded reads and writes of keys as transactions, and cites their lines', async () => {
  const did = (process: number, f: string, value: string, time: number) =>
    [
      { process, type: 'invoke', f, key: 'x', time: time * 1e6, value: f === 'read' ? null : value },
      { process, type: 'ok', f, key: 'x', time: time * 1e6 + 5e5, value },
    ].map((event) => JSON.stringify(event))
  const directory = mkdtempSync(join(tmpdir(), 'chaos-unit-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'redis.jsonl')
  const header = JSON.stringify({ chaos: 1, model: 'register', initial: 'unknown', workload: 'traffic' })
  const read = [...did(0, 'read', '100', 1), ...did(1, 'read', '100', 2)]
  writeFileSync(file, `${[header, ...read, ...did(0, 'write', '93', 3), ...did(1, 'write', '95', 4)].join('\n')}\n`)
  const alone = await chaosHere(['check', file, '--expect', 'linearizable'])
  expect(alone.exitCode).toBe(0)
  expect(alone.stdout.replace(/\s+/g, ' ')).toContain('chaos check --unit connection judges all')
  const { exitCode, stdout } = await chaosHere(['check', file, '--unit', 'connection', '--expect', 'serializable'])
  expect(exitCode).toBe(1)
  expect(stdout).toContain('redis.jsonl, lines 2–9')
  expect(stdout).toMatch(/declared +\?/)
})
