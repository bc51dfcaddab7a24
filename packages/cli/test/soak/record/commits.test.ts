import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { installed, type RealServer, startMariadb, startPostgres, whySkipped } from '../../../../testing/src/servers.ts'
import { startProxy } from '../../proxy-process.ts'

// After a COMMIT without a reply, the transaction has taken effect or has failed. Later reads show which.

/** With CHAOS_SOAK=short, tests try no further seeds once a COMMIT had no reply. */
const short = process.env['CHAOS_SOAK'] === 'short'

const TABLE = 'CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)'
const ROWS = 'INSERT INTO accounts VALUES (1, 0), (2, 0), (3, 0), (4, 0)'
const TABLES = { accounts: { key: 'id', values: ['balance'] } }

/** A database, the driver of its clients, and the settings for recording its transactions. */
interface Database {
  readonly name: string
  readonly programs: readonly string[]
  readonly driver: { readonly name: string; readonly version: string }
  readonly settings: object
  /** The faults that CHAOS_SOAK=short tests. */
  readonly inShort: readonly string[]
  /** Starts the server and creates the table, given the path of each program in the member `programs`, in order. */
  start(programs: readonly string[]): Promise<RealServer>
}

const DATABASES: readonly Database[] = [
  {
    name: 'PostgreSQL',
    programs: ['initdb', 'postgres', 'psql'],
    driver: { name: 'pg', version: '8' },
    settings: { kind: 'postgresql', tables: TABLES, transactions: 'whole', indirect: 'none' },
    inShort: ['lose-request', 'reset'],
    async start([initdb, postgres, psql]) {
      const server = await startPostgres(initdb!, postgres!)
      const args = ['-h', server.host, '-p', `${server.port}`, '-U', 'tester', '-qc', `${TABLE}; ${ROWS}`, 'postgres']
      execFileSync(psql!, args, { stdio: 'pipe' })
      return server
    },
  },
  {
    name: 'MariaDB',
    programs: ['mariadb-install-db', 'mariadbd'],
    driver: { name: 'mysql2', version: '3' },
    settings: { kind: 'mysql', tables: TABLES, indirect: 'none' },
    inShort: ['lose-reply'],
    start: ([install, server]) =>
      startMariadb({ install: install!, server: server! }, `${TABLE} ENGINE=InnoDB;\n${ROWS};`),
  },
]

interface Event {
  readonly process: number | string
  readonly type: string
  readonly f: string
  readonly value?: readonly (readonly [kind: string, cell: string, value?: number | null])[]
}

function recordIn(out: string): Event[] {
  const [run = ''] = readdirSync(out).filter((name) => name.endsWith('-record'))
  const lines = readFileSync(join(out, run, 'history.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as Event)
}

/**
 * Counts writes whose transactions have an unknown outcome: those that were read, and those that were overwritten
 * without being read.
 */
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

for (const { name, programs, driver, settings, inShort, start } of DATABASES) {
  const hasTime = (faults: string) => !short || inShort.includes(faults)
  const paths = programs.flatMap((program) => installed(program) ?? [])
  const isLacking = paths.length < programs.length
  describe.skipIf(isLacking)(`${name}${isLacking ? `: ${whySkipped(...programs)}` : ''}`, () => {
    let directory = ''
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'chaos-commits-'))
      writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
      cpSync(join(import.meta.dirname, '../../record/commits.mjs'), join(directory, 'commits.mjs'))
      execFileSync('npm', ['install', '--no-audit', '--no-fund', `${driver.name}@${driver.version}`], {
        ...{ cwd: directory, stdio: 'ignore', timeout: 180_000 },
      })
    })
    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    async function recorded(faults: string, mode: 'locked' | 'unlocked', seed: number) {
      const { port } = await start(paths)
      const out = mkdtempSync(join(directory, 'out-'))
      const { exitCode, stdout, stderr } = await chaos(
        [
          ...['record', '--upstream', `127.0.0.1:${port}`, '--as', JSON.stringify(settings), '--faults', faults],
          ...['--seed', `${seed}`, '--expect', 'serializable', '--out', out, '--'],
          ...[process.execPath, 'commits.mjs', driver.name, '{n1.port}', mode],
        ],
        { cwd: directory },
      )
      return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' '), fates: fatesOf(recordIn(out)) }
    }

    test.each(
      (
        [
          ['lose-reply', 'tookEffect'],
          ['lose-request', 'didNot'],
        ] as const
      ).filter(([faults]) => hasTime(faults)),
    )('a recording gets a verdict even if the fault %s leaves a COMMIT without a reply', async (faults, fate) => {
      let found = 0
      const codes: (number | null)[] = []
      for (const seed of [1, 2, 3]) {
        if (short && found > 0 && codes.includes(0)) break
        const { exitCode, told, fates } = await recorded(faults, 'locked', seed)
        // If two clients may have written the same value, no read shows which write was first.
        expect([0, 2], told).toContain(exitCode)
        codes.push(exitCode)
        found += fates[fate]
      }
      expect(codes).toContain(0)
      expect(found).toBeGreaterThan(0)
    })

    test('the outcome of a COMMIT is unknown if chaos proxy loses the reply', async () => {
      const { port } = await start(paths)
      const out = mkdtempSync(join(directory, 'out-'))
      const { url, child, finished } = await startProxy([
        ...['--listen', '127.0.0.1:0', '--upstream', `127.0.0.1:${port}`, '--record', JSON.stringify(settings)],
        ...['--expect', 'serializable', '--out', out],
      ])
      const [proxy] = (await (await fetch(`${url}/v1/proxies`)).json()) as { readonly listen: string }[]
      const args = ['commits.mjs', driver.name, proxy!.listen.split(':')[1]!, 'once', url]
      await promisify(execFile)(process.execPath, args, { cwd: directory })
      child.kill('SIGTERM')
      const { exitCode, stdout, stderr } = await finished
      expect(stdout, stderr).toContain('recorded 2 operations (1 ok, 0 failed, 1 of unknown outcome)')
      expect(fatesOf(recordIn(out))).toEqual({ unknown: 1, tookEffect: 1, didNot: 0 })
      expect(exitCode, stdout).toBe(0)
    })

    test.skipIf(short)(
      'clients that lock a row before they update it cause no violation if connections are delayed or reset',
      async () => {
        const { exitCode, told } = await recorded('reset,delay-reply,cut-clients', 'locked', 1)
        // Two clients may have written the same value. Then no read shows which write was first, and the verdict is
        // unknown.
        expect([0, 2], told).toContain(exitCode)
      },
    )

    test.each(['lose-reply', 'reset'].filter(hasTime))(
      'updates without a lock are lost under the fault %s',
      async (faults) => {
        const { exitCode, told } = await recorded(faults, 'unlocked', 1)
        expect(told).toMatch(/lost update/i)
        expect(exitCode, told).toBe(1)
      },
    )
  })
}
