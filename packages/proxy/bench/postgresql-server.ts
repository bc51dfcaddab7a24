import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** A PostgreSQL server whose data need not survive a crash. It has the tables of pgbench. */
export interface PostgresqlServer {
  readonly port: number
  /** Runs one of pgbench's own scripts through a port, and returns the transactions per second. */
  load(port: number, script: PgbenchScript, durationMs: number): Promise<{ readonly perSecond: number }>
  stop(): Promise<void>
}

export type PgbenchScript = 'select-only' | 'simple-update' | 'tpcb-like'

const CLIENTS = 16
const run = promisify(execFile)

/** Returns the reason if PostgreSQL is not installed. */
export async function startPostgresql(): Promise<PostgresqlServer | { readonly why: string }> {
  const programs = ['initdb', 'postgres', 'pgbench'].map(found)
  const [initdb, postgres, pgbench] = programs
  if (initdb === undefined || postgres === undefined || pgbench === undefined)
    return { why: 'initdb, postgres and pgbench are not all installed' }
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0
  const id = (which: string) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
  const user = isRoot ? { uid: id('-u'), gid: id('-g') } : {}
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  await run(initdb, ['-D', data, '-U', 'bench', '-A', 'trust', '--no-sync'], { ...user, cwd: directory })
  const port = await freePort()
  const options = ['fsync=off', 'synchronous_commit=off', `listen_addresses=127.0.0.1`, 'unix_socket_directories=']
  const server = spawn(postgres, ['-D', data, '-p', `${port}`, ...options.flatMap((option) => ['-c', option])], {
    ...{ ...user, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  })
  await new Promise<void>((resolve) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => text.includes('ready to accept') && resolve())
  })
  const reached = (at: number) => ['-h', '127.0.0.1', '-p', `${at}`, '-U', 'bench']
  await run(pgbench, [...reached(port), '-i', '-q', '-s', `${CLIENTS}`, 'postgres'])
  return {
    port,
    async load(at, script, durationMs) {
      const seconds = Math.max(1, Math.round(durationMs / 1000))
      const how = ['-n', '-b', script, '-c', `${CLIENTS}`, '-T', `${seconds}`]
      const { stdout } = await run(pgbench, [...reached(at), ...how, 'postgres'])
      return { perSecond: Number(/tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0) }
    },
    async stop() {
      server.kill('SIGQUIT')
      await once(server, 'exit')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/**
 * Returns the path of a PostgreSQL program. On Debian, the programs of the PostgreSQL server are in a directory that is
 * not in PATH.
 */
function found(program: string): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const directories = [...versions.map((version) => join(debian, version, 'bin')), ...pathOf()]
  return directories.map((directory) => join(directory, program)).find(existsSync)
}

const pathOf = (): readonly string[] => (process.env['PATH'] ?? '').split(delimiter)

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const taken = createServer().listen(0, '127.0.0.1', () => {
      const address = taken.address()
      taken.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
