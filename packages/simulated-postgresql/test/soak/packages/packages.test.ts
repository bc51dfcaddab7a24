import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../../../testing/src/servers.ts'
import { loadParser } from '../../../src/sql/parse.ts'
import { serveOverTcp } from '../../packages/served-over-tcp.ts'

// Programs that use unchanged npm packages, one each, get the same results from PostgreSQL and from the simulated
// server. Each program runs twice with the same database: the second run finds what the first one defined.

const NPM = ['--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps']
const programs = readdirSync(join(import.meta.dirname, '../../packages/programs')).map((file) =>
  file.replace('.mjs', ''),
)
const reachable = spawnSync('npm', ['view', 'pg', 'version'], { cwd: tmpdir(), timeout: 60_000 }).status === 0
const [initdb, server] = ['initdb', 'postgres'].map(installed)
const lacking =
  initdb === undefined || server === undefined
    ? whySkipped('initdb', 'postgres')
    : reachable
      ? undefined
      : "needs npm's registry: connect to it"

interface Ran {
  readonly code: unknown
  readonly printed: string
  /** The error of the program, if it failed. */
  readonly error: string | undefined
}

describe.skipIf(lacking !== undefined)(`Packages over TCP${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  const cwd = mkdtempSync(join(tmpdir(), 'chaos-packages-'))
  afterAll(() => rmSync(cwd, { recursive: true, force: true }))

  beforeAll(async () => {
    await loadParser()
    cpSync(join(import.meta.dirname, '../../packages/programs'), cwd, { recursive: true })
    cpSync(join(import.meta.dirname, '../../packages/installed.json'), join(cwd, 'package.json'))
    cpSync(join(import.meta.dirname, '../../packages/schema.prisma'), join(cwd, 'schema.prisma'))
    execFileSync('npm', ['install', ...NPM], { cwd, stdio: 'pipe', timeout: 600_000 })
    const url = 'postgres://nobody@127.0.0.1/none'
    writeFileSync(join(cwd, 'prisma.config.mjs'), `export default { datasource: { url: '${url}' } }`)
    // The Prisma client needs no engine. For migrations, Prisma would download an engine. The program `true` replaces
    // this engine.
    execFileSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--schema', 'schema.prisma'], {
      ...{ cwd, stdio: 'pipe', timeout: 120_000 },
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' },
    })
  }, 900_000)

  const start = (program: string, url: string): Promise<Ran> =>
    new Promise((resolve) => {
      const env = { ...process.env, DATABASE_URL: url, NO_COLOR: '1' }
      const options = { cwd, env, timeout: 60_000 }
      execFile(process.execPath, [`${program}.mjs`], options, (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : (error.code ?? error.signal),
          printed: stdout,
          error: error === null ? undefined : stderr,
        }),
      )
    })

  async function twice(program: string, port: number): Promise<readonly Ran[]> {
    const url = `postgres://tester@127.0.0.1:${port}/${databaseOf(program)}`
    return [await start(program, url), await start(program, url)]
  }

  const databaseOf = (program: string): string => `of_${program.replaceAll(/\W/g, '_')}`

  test.each(programs)(
    'the program %s gives the same output as with PostgreSQL, at its first and second start',
    async (program) => {
      const { port } = await startPostgres(initdb!, server!)
      const admin = postgres({ host: '127.0.0.1', port, user: 'tester', database: 'postgres' })
      await admin.unsafe(`create database ${databaseOf(program)}`)
      await admin.end()
      const real = await twice(program, port)
      expect(real.map(({ code, error }) => [code, error])).toEqual([
        [0, undefined],
        [0, undefined],
      ])
      const served = await serveOverTcp(1)
      const simulated = await twice(program, served.port)
      served.close()
      expect({ refused: served.refused, runs: simulated }).toEqual({ refused: [], runs: real })
    },
  )
})
