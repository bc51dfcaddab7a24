import { describe, expect, test } from 'vitest'
import { installed, startRedis, whySkipped } from '../../proxy/test/real-servers.ts'
import { chaos, temporaryDirectory } from './chaos.ts'

// A live Redis and the programs that come with it, recorded by one command.

const program = installed('redis-benchmark')

describe.skipIf(program === undefined)(
  `redis-cli and redis-benchmark${program === undefined ? `: ${whySkipped('redis-benchmark')}` : ''}`,
  () => {
    const record = (port: number, ...command: string[]) =>
      chaos([
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', 'resp', '--expect', 'linearizable', '--seed', '1'],
        ...['--out', temporaryDirectory(), '--', ...command],
      ])

    test('are recorded and judged, and their keys and fields are read at the end', async () => {
      const { port } = await startRedis(installed('redis-server') ?? '')
      const { exitCode, stdout, stderr } = await record(
        port,
        ...['sh', '-c', 'redis-benchmark -p {n1.port} -n 400 -c 8 -t set,get -q && redis-cli -p {n1.port} hset h f 1'],
      )
      expect(exitCode, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/LINEARIZABLE/)
      expect(stdout).toMatch(/eventual +✔ met/)
    })
  },
)
