import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createAuthority } from '../../../../proxy/src/tls/authority.ts'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, type PostgresOptions, startPostgres, whySkipped } from '../../../../testing/src/servers.ts'

// psql, which begins by requesting encryption, connects to a PostgreSQL with and without TLS.

const [initdb, postgres, psql] = ['initdb', 'postgres', 'psql'].map(installed)
const lacking = initdb === undefined || postgres === undefined || psql === undefined
const authority = createAuthority()
const identity = authority.issue(['localhost', '127.0.0.1'])

const SQL = `
INSERT INTO kv (key, value) VALUES ('x', '1') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value;
SELECT value FROM kv WHERE key = 'x';
UPDATE kv SET value = '2' WHERE key = 'x';
SELECT value FROM kv WHERE key = 'x';
`

interface RecordingOptions {
  readonly server: PostgresOptions
  /** The schemes of the addresses of the upstream and of the listener. */
  readonly upstream?: 'tls'
  readonly listen?: 'tls'
  /** How psql connects. */
  readonly connection: string
}

async function recorded({ server, upstream, listen, connection }: RecordingOptions) {
  const { port } = await startPostgres(initdb!, postgres!, server)
  const PGPASSWORD = server.password ?? ''
  execFileSync(
    psql!,
    [
      '-qc',
      'CREATE TABLE kv (key text PRIMARY KEY, value text)',
      `host=127.0.0.1 port=${port} user=tester dbname=postgres`,
    ],
    { env: { ...process.env, PGPASSWORD } },
  )
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'ca.pem'), authority.certificate)
  writeFileSync(join(directory, 'asked.sql'), SQL)
  const { exitCode, stdout, stderr } = await chaos(
    [
      ...['record', '--upstream', `${upstream === undefined ? '' : `${upstream}://`}127.0.0.1:${port}`],
      ...(listen === undefined ? [] : ['--listen', `${listen}://127.0.0.1:0`]),
      ...['--as', '{"kind":"postgresql","table":"kv","initial":{"value":null}}', '--expect', 'linearizable'],
      ...['--client', 'connection', '--out', join(directory, 'out'), '--'],
      ...[psql!, '-v', 'ON_ERROR_STOP=1', '-q', '-f', join(directory, 'asked.sql')],
      `host=127.0.0.1 port={n1.port} user=tester dbname=postgres ${connection}`,
    ],
    { env: { PGPASSWORD, NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') }, cwd: directory },
  )
  return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
}

describe.skipIf(lacking)(`TLS connections to PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  const tls = identity

  test('a client that prefers TLS, but accepts plaintext, is recorded in plaintext', async () => {
    const { exitCode, told } = await recorded({ server: { tls }, connection: 'sslmode=prefer' })
    expect(told).toContain('LINEARIZABLE')
    expect(exitCode, told).toBe(0)
  })

  test('a client that requires TLS is reported with a remedy', async () => {
    const { exitCode, told } = await recorded({ server: { tls }, connection: 'sslmode=require' })
    expect(told).toMatch(/n1: a client asked for TLS.*sslmode=disable.*--listen tls:/)
    expect(exitCode, told).not.toBe(0)
  })

  test('TLS connections are recorded through a listener with a certificate that the client can verify', async () => {
    for (const connection of ['sslmode=require', 'sslmode=verify-full sslrootcert={ca}', 'sslmode=disable']) {
      const { exitCode, told } = await recorded({ server: { password: 'secret' }, listen: 'tls', connection })
      expect(told).toContain('LINEARIZABLE')
      expect(exitCode, told).toBe(0)
    }
  })

  test('a server that requires TLS is recorded if clients send plaintext and a password', async () => {
    const server = { password: 'secret', tls: { ...tls, only: true } } as const
    const { exitCode, told } = await recorded({ server, upstream: 'tls', connection: 'sslmode=prefer' })
    expect(told).toContain('LINEARIZABLE')
    expect(exitCode, told).toBe(0)
  })

  test('TLS with both the client and the server is recorded if the client disables channel binding', async () => {
    const server = { password: 'secret', tls } as const
    const connection = 'sslmode=require channel_binding=disable'
    const { exitCode, told } = await recorded({ server, upstream: 'tls', listen: 'tls', connection })
    expect(told).toContain('LINEARIZABLE')
    expect(exitCode, told).toBe(0)
  })

  test('TLS connections to an upstream without TLS are reported as misconfigured', async () => {
    const { exitCode, told } = await recorded({ server: {}, upstream: 'tls', connection: 'sslmode=disable' })
    expect(told).toContain('the server offers no TLS')
    expect(exitCode, told).toBe(4)
  })
})
