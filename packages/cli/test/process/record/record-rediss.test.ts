import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { createAuthority } from '../../../../proxy/src/tls/authority.ts'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { freePort, installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'

const program = installed('redis-server')
const lacking = ['redis-server', 'redis-cli'].filter((each) => installed(each) === undefined)
describe.skipIf(lacking.length > 0)(
  `a Redis that speaks TLS${lacking.length > 0 ? `: ${whySkipped(...lacking)}` : ''}`,
  () => {
    test('TLS traffic of Redis is recorded from clients that speak plain RESP to the proxy', async () => {
      const directory = temporaryDirectory()
      const path = (name: string) => join(directory, name)
      const authority = createAuthority()
      const { certificate, key } = authority.issue(['localhost', '127.0.0.1'])
      for (const [name, text] of Object.entries({
        'ca.pem': authority.certificate,
        'cert.pem': certificate,
        'key.pem': key,
      }))
        writeFileSync(path(name), text)
      const port = await freePort()
      await startRedis(program ?? '', [
        ...['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no'],
        ...[
          '--tls-cert-file',
          path('cert.pem'),
          '--tls-key-file',
          path('key.pem'),
          '--tls-ca-cert-file',
          path('ca.pem'),
        ],
      ])
      const commands = ['flushall', 'set x 1', 'incr x', 'rename x y', 'get x', 'hset h f 1', 'expire h 90', 'hget h f']
      const { exitCode, stdout, stderr } = await chaos(
        [
          ...['record', '--upstream', `rediss://127.0.0.1:${port}`, '--as', 'resp', '--expect', 'linearizable'],
          ...['--out', directory, '--', 'sh', '-c'],
          commands.map((command) => `redis-cli -p {n1.port} ${command}`).join('; '),
        ],
        { env: { NODE_EXTRA_CA_CERTS: path('ca.pem') } },
      )
      expect(exitCode, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/LINEARIZABLE/)
    })
  },
)
