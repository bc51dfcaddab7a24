import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanUp } from './sockets.ts'

export { installed, whySkipped } from '../../../scripts/installed.ts'

// This file starts third-party servers for tests. Each server has its own ports, and serves one test.

const LOWEST_PORT = 10_000
/** The lowest ephemeral port on Linux. On other systems ephemeral ports begin at 49,152. */
const LOWEST_PICKED_PORT = 32_768
const given: Set<number> = new Set()

export interface RealServer {
  readonly host: string
  readonly port: number
}

export async function startRedis(program: string, more: readonly string[] = []): Promise<RealServer> {
  const directory = temporaryDirectory('chaos-redis-')
  const port = await freePort()
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    directory,
    ...more,
  ]
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  await ready(server, server.stdout)
  return { host: '127.0.0.1', port }
}

export interface PostgresOptions {
  /** The password of the user `tester`, who by default needs none. */
  readonly password?: string
  /**
   * The certificate and the key in PEM with which the server accepts TLS. With `only`, it refuses connections without
   * TLS.
   */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly only?: true }
}

export async function startPostgres(
  initdb: string,
  postgres: string,
  { password, tls }: PostgresOptions = {},
): Promise<RealServer> {
  const directory = temporaryDirectory('chaos-postgres-')
  const user = unprivilegedUser()
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const quickly = ['--no-sync', '--username', 'tester', '--encoding', 'UTF8', '--locale', 'C']
  /** Writes a file owned by the user that runs the server. */
  const written = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    if (user !== undefined) chownSync(path, user.uid, user.gid)
    return path
  }
  const auth = password === undefined ? ['trust'] : ['scram-sha-256', '--pwfile', written('password', password)]
  execFileSync(initdb, ['--pgdata', data, ...quickly, '--auth', ...auth], { ...user, cwd: directory, stdio: 'pipe' })
  const port = await freePort()
  const settings = {
    ...USUAL_SETTINGS,
    ...(tls === undefined
      ? {}
      : {
          ssl: 'on',
          ssl_cert_file: written('server.crt', tls.certificate),
          ssl_key_file: written('server.key', tls.key),
        }),
  }
  if (tls?.only === true)
    written('data/pg_hba.conf', `hostssl all all 127.0.0.1/32 ${password === undefined ? 'trust' : 'scram-sha-256'}\n`)
  return runPostgres(postgres, { directory, user, port, settings })
}

/**
 * Starts a standby of `primary`. The standby streams from the address of `through`, as soon as a process listens there.
 */
export async function startStandby(
  { basebackup, postgres }: { readonly basebackup: string; readonly postgres: string },
  primary: RealServer,
  through: RealServer,
): Promise<RealServer> {
  const directory = temporaryDirectory('chaos-standby-')
  const user = unprivilegedUser()
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  const from = ['-h', primary.host, '-p', `${primary.port}`, '-U', 'tester']
  execFileSync(basebackup, [...from, '-D', join(directory, 'data'), '-c', 'fast', '--no-sync'], {
    ...user,
    cwd: directory,
    stdio: 'pipe',
  })
  writeFileSync(join(directory, 'data', 'standby.signal'), '')
  const port = await freePort()
  const settings = {
    primary_conninfo: `host=${through.host} port=${through.port} user=tester connect_timeout=2`,
    wal_retrieve_retry_interval: '100ms',
    wal_receiver_timeout: '30s',
  }
  return runPostgres(postgres, { directory, user, port, settings: { ...USUAL_SETTINGS, ...settings } })
}

const USUAL_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  max_connections: '40',
}

interface PostgresRun {
  /** The server's directory, whose subdirectory `data` holds its data. */
  readonly directory: string
  readonly user: ReturnType<typeof unprivilegedUser>
  readonly port: number
  readonly settings: { readonly [name: string]: string }
}

async function runPostgres(postgres: string, { directory, user, port, settings }: PostgresRun): Promise<RealServer> {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = ['-D', join(directory, 'data'), '-p', String(port), ...options]
  const server = spawn(postgres, args, { ...user, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
  // SIGQUIT ends all processes of the server; SIGKILL would leave its children.
  await ready(server, server.stderr, 'SIGQUIT')
  return { host: '127.0.0.1', port }
}

/** Returns the user of PostgreSQL's package. PostgreSQL refuses to run as root. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (which: string) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

export interface EtcdMember {
  readonly name: string
  /** The URL at which the other members find this member. */
  readonly peerUrl: string
  readonly peerPort: number
}

/** Starts a member of an etcd cluster. It serves once a majority of members runs. */
export async function startEtcd(
  program: string,
  { name, peerPort }: EtcdMember,
  members: readonly EtcdMember[],
): Promise<RealServer> {
  const directory = temporaryDirectory('chaos-etcd-')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const options = {
    name,
    'data-dir': directory,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': `http://127.0.0.1:${peerPort}`,
    'initial-advertise-peer-urls': members.find((member) => member.name === name)?.peerUrl ?? '',
    'initial-cluster': members.map((member) => `${member.name}=${member.peerUrl}`).join(','),
    'election-timeout': '3000',
    'heartbeat-interval': '200',
  }
  const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value])
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory })
  await ready(server, server.stderr)
  return { host: '127.0.0.1', port }
}

export async function startOneEtcd(program: string): Promise<RealServer> {
  const peerPort = await freePort()
  const member = { name: 'n1', peerUrl: `http://127.0.0.1:${peerPort}`, peerPort }
  return startEtcd(program, member, [member])
}

/** Resolves once the server accepts connections. Rejects if it ends first. */
async function ready(
  server: ReturnType<typeof spawn>,
  output: NodeJS.ReadableStream,
  end: 'SIGKILL' | 'SIGQUIT' = 'SIGKILL',
): Promise<void> {
  cleanUp(async () => {
    server.kill(end)
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  })
  let said = ''
  output.setEncoding('utf8')
  await new Promise<void>((resolve, reject) => {
    output.on('data', (text: string) => {
      said += text
      if (/eady (?:to (?:accept (?:read-only )?connections|serve .*client requests)|for connections)/.test(said))
        resolve()
    })
    server.once('exit', (code) => reject(new Error(`${server.spawnfile} ended with ${code}: ${said}`)))
  })
}

function temporaryDirectory(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), prefix))
  cleanUp(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Returns a free port below the ephemeral range, so that no other socket takes it before the server. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (LOWEST_PICKED_PORT - LOWEST_PORT))
    if (given.has(port)) continue
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    probe.close()
    await once(probe, 'close')
    given.add(port)
    return port
  }
}

/** Starts a MariaDB with the database `test`, the user `tester` without a password, and the given tables. */
export async function startMariadb(
  { install, server }: { readonly install: string; readonly server: string },
  tables: string,
): Promise<RealServer> {
  const directory = temporaryDirectory('chaos-mariadb-')
  const isRoot = process.getuid?.() === 0
  const users = join(directory, 'users.sql')
  // The installer executes one statement per line.
  const own = ["CREATE USER 'tester'@'%' IDENTIFIED BY ''", "GRANT ALL ON *.* TO 'tester'@'%'"]
  const first = ['FLUSH PRIVILEGES', 'CREATE DATABASE test', ...own, 'USE test'].map((each) => `${each};\n`)
  writeFileSync(users, `${first.join('')}${tables}\n`)
  const data = `--datadir=${join(directory, 'data')}`
  const small = ['--innodb-log-file-size=8M', '--innodb-buffer-pool-size=16M']
  const quickly = ['--auth-root-authentication-method=normal', '--skip-test-db', `--extra-file=${users}`]
  execFileSync(install, ['--no-defaults', data, ...small, ...quickly], { cwd: directory, stdio: 'pipe' })
  const port = await freePort()
  const args = [
    ...['--no-defaults', data, `--tmpdir=${directory}`, `--socket=${join(directory, 's.sock')}`],
    ...['--bind-address=127.0.0.1', `--port=${port}`, '--skip-name-resolve', ...small],
    ...['--innodb-flush-log-at-trx-commit=0', ...(isRoot ? ['--user=root'] : [])],
  ]
  const started = spawn(server, args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
  await ready(started, started.stderr)
  return { host: '127.0.0.1', port }
}
