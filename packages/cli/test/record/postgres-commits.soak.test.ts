import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../../proxy/test/real-servers.ts'
import { chaos } from '../chaos.ts'

// A COMMIT without an answer: the transaction took effect, or it did not. Later reads show which.

const [initdb, postgres, psql] = ['initdb', 'postgres', 'psql'].map(installed)
const lacking = initdb === undefined || postgres === undefined || psql === undefined

/** CHAOS_SOAK=short goes on until a COMMIT was unanswered. */
const short = process.env['CHAOS_SOAK'] === 'short'

const TABLE = `CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
  INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 4) n`
const SETTINGS = JSON.stringify({
  ...{ kind: 'postgresql', tables: { accounts: { values: ['balance'] } }, transactions: 'whole', indirect: 'none' },
})

interface Event {
  readonly process: number | string
  readonly type: string
  readonly f: string
  readonly value?: readonly (readonly [kind: string, cell: string, value?: number | null])[]
}

/** Of the transactions of unknown outcome: how many of their writes were read, and how many overwritten unread. */
function fatesOf(events: readonly Event[]) {
  const asked = new Map<Event['process'], Event['value']>()
  const unknown: string[] = []
  const read = new Set<string>()
  const written = new Map<string, number>()
  for (const { process, type, f, value } of events) {
    if (f !== 'txn') continue
    if (type === 'invoke') asked.set(process, value)
    const told = (type === 'ok' ? value : type === 'info' ? asked.get(process) : undefined) ?? []
    for (const [kind, cell, number] of told) {
      if (type === 'ok' && kind === 'r') read.add(`${cell} ${number}`)
      if (type === 'ok' && kind === 'w') written.set(`${cell} ${number}`, 1)
      if (type === 'info' && kind === 'w') unknown.push(`${cell} ${number}`)
    }
  }
  const tookEffect = unknown.filter((each) => read.has(each) && !written.has(each))
  return {
    unknown: unknown.length,
    tookEffect: tookEffect.length,
    didNot: unknown.filter((each) => written.has(each)).length,
  }
}

describe.skipIf(lacking)(`PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-postgres-commits-'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    cpSync(join(import.meta.dirname, 'postgres-commits.mjs'), join(directory, 'postgres-commits.mjs'))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', 'pg@8'], {
      ...{ cwd: directory, stdio: 'ignore', timeout: 180_000 },
    })
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function recorded(faults: string, mode: 'locked' | 'unlocked', seed: number) {
    const { port } = await startPostgres(initdb!, postgres!)
    execFileSync(psql!, ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester', '-qc', TABLE, 'postgres'], {
      stdio: 'pipe',
    })
    const out = mkdtempSync(join(directory, 'out-'))
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', SETTINGS, '--faults', faults, '--seed', `${seed}`],
        ...[
          '--expect',
          'serializable',
          '--out',
          out,
          '--',
          process.execPath,
          'postgres-commits.mjs',
          '{n1.port}',
          mode,
        ],
      ],
      { cwd: directory },
    )
    const [run = ''] = readdirSync(out).filter((name) => name.endsWith('-record'))
    const lines = readFileSync(join(out, run, 'history.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    const events = lines.map((line) => JSON.parse(line) as Event)
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' '), fates: fatesOf(events) }
  }

  test.each([
    ['lose-reply', 'tookEffect'],
    ['lose-request', 'didNot'],
  ] as const)('judges transactions whose COMMIT a fault leaves unanswered (%s)', async (faults, fate) => {
    let found = 0
    const codes: (number | null)[] = []
    for (const seed of [1, 2, 3]) {
      if (short && found > 0 && codes.includes(0)) break
      const { exitCode, told, fates } = await recorded(faults, 'locked', seed)
      // Where two clients may have written one value, no reader says which of them was first.
      expect([0, 2], told).toContain(exitCode)
      codes.push(exitCode)
      found += fates[fate]
    }
    expect(codes).toContain(0)
    expect(found).toBeGreaterThan(0)
  })

  test('judges transactions whose connection is reset', async () => {
    const { exitCode, told } = await recorded('reset', 'locked', 1)
    // As above: a value that two clients may have written leaves it open.
    expect([0, 2], told).toContain(exitCode)
  })

  test.each(['lose-reply', 'reset'])('still finds lost updates among them (%s)', async (faults) => {
    const { exitCode, told } = await recorded(faults, 'unlocked', 1)
    expect(told).toMatch(/lost update/i)
    expect(exitCode, told).toBe(1)
  })
})
