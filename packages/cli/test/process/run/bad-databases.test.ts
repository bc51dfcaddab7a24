import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { freePort, installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'

// Mistakes of users with databases, and the messages about them.

const redis = installed('redis-server')

/** Declares a user's own Redis that is already running. */
function declared(port: number, client: object = {}): string {
  const directory = temporaryDirectory()
  const nodes = [{ addresses: { client: `127.0.0.1:${port}` } }]
  const declaration = { nodes, readyWithinMs: 3_000, client: { kind: 'resp', commands: 'register', ...client } }
  writeFileSync(join(directory, 'own.json'), JSON.stringify(declaration))
  return directory
}

const refused = async (cwd: string) => {
  const flags = ['--time', '5s', '--keys', '2', '--seed', '1', '--faults', 'none']
  const { exitCode, stderr } = await chaos(['run', '--target', './own.json', ...flags], { cwd })
  expect(stderr).not.toContain('bug in chaos')
  return { exitCode, stderr }
}

/** Sends commands, and waits for the answer to the last one. */
const tell = (port: number, ...commands: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${[...commands, 'PING'].join('\r\n')}\r\n`))
    socket.on('data', (bytes) => {
      if (!bytes.includes('PONG')) return
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })

describe.skipIf(redis === undefined)(
  `a Redis of the user${redis === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    test('a Redis that refuses the password is distinguished from a Redis that does not answer', async () => {
      const { port } = await startRedis(redis ?? '', ['--requirepass', 'right'])
      const { exitCode, stderr } = await refused(declared(port, { password: 'wrong' }))
      expect(stderr).toMatch(/refuses the client: every read failed with WRONGPASS.*Give "client" the "username"/)
      expect(exitCode).toBe(4)
    })

    test('a Redis user who may only read is refused at the start, with the error of Redis', async () => {
      const { port } = await startRedis(redis ?? '')
      await tell(port, 'ACL SETUSER reader on >secret ~* +@all -set -eval')
      const { exitCode, stderr } = await refused(declared(port, { username: 'reader', password: 'secret' }))
      expect(stderr).toMatch(/refuses the client: every (write|cas) failed with NOPERM/)
      expect(exitCode).toBe(4)
    })

    test('a Redis with data from an earlier run is refused with a remedy', async () => {
      const { port } = await startRedis(redis ?? '')
      const keys = Array.from({ length: 100 }, (_, key) => `SET x${key} 17`)
      await tell(port, ...keys, 'SET x 17', 'SET 0 17', 'SET k0 17', 'SET k1 17')
      const { exitCode, stderr } = await refused(declared(port))
      expect(stderr).toMatch(/n1 holds data already: a read of \S+ before the run returned "17".*Delete this data/)
      expect(exitCode).toBe(4)
    })
  },
)

test('a database at an address without a listener is reported with the address', async () => {
  const port = await freePort()
  const { exitCode, stderr } = await refused(declared(port))
  expect(stderr).toContain(`127.0.0.1:${port}`)
  expect(exitCode).toBe(4)
})

describe('a server that is too old', () => {
  test.each([
    ['redis', 'redis-server', 'Redis server v=6.0.16 sha=00000000:0', 'redis-server 7.0 or later', '6.0.16'],
    ['etcd', 'etcd', 'etcd Version: 3.3.27', 'etcd 3.4 or later', '3.3.27'],
    ['nats', 'nats-server', 'nats-server: v2.8.4', 'nats-server 2.9 or later', '2.8.4'],
  ])(
    'a server that is too old is refused with its version and the oldest supported version: %s',
    async (target, program, said, wanted, version) => {
      const directory = temporaryDirectory()
      const bin = join(directory, 'bin')
      mkdirSync(bin)
      for (const name of [program, 'redis-cli'])
        writeFileSync(join(bin, name), `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 })
      const env = { PATH: [bin, process.env['PATH']].join(delimiter) }
      const { exitCode, stderr } = await chaos(['run', '--target', target, '--time', '1s'], { cwd: directory, env })
      expect(stderr).toContain(
        `${target} needs what is too old here: ${wanted}, and ${join(bin, program)} is ${version}`,
      )
      expect(exitCode).toBe(4)
    },
  )
})
