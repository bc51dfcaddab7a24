import { describe, expect } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'

// Tests a command that records a live Redis and the programs that come with it.

const lacking = ['redis-server', 'redis-cli', 'redis-benchmark'].filter((program) => installed(program) === undefined)
describe.skipIf(lacking.length > 0)(
  `redis-cli and redis-benchmark${lacking.length > 0 ? `: ${whySkipped(...lacking)}` : ''}`,
  () => {
    const record = (port: number, command: readonly string[], model = 'register') =>
      chaos([
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', 'resp', '--model', model, '--expect', 'linearizable'],
        ...['--seed', '1', '--out', temporaryDirectory(), '--', ...command],
      ])
    const shell = (script: string) => ['sh', '-c', script]

    test('traffic of redis-cli and redis-benchmark is recorded and judged, with final reads of all keys and fields', async () => {
      const { port } = await startRedis(installed('redis-server') ?? '')
      const { exitCode, stdout, stderr } = await record(
        port,
        shell('redis-benchmark -p {n1.port} -n 400 -c 8 -t set,get -q && redis-cli -p {n1.port} hset h f 1'),
      )
      expect(exitCode, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/LINEARIZABLE/)
      expect(stdout).toMatch(/eventual +✔ met/)
    })

    test('commands of redis-cli that return the replaced value are recorded as cas', async () => {
      const { port } = await startRedis(installed('redis-server') ?? '')
      const commands = ['set x 1', 'getset x 2', 'set x 3 get', 'getdel x', 'incr x']
      const { exitCode, stdout, stderr } = await record(
        port,
        shell(commands.map((command) => `redis-cli -p {n1.port} ${command}`).join('; ')),
      )
      expect(exitCode, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/7 operations .*: 7 ok.*; 2 reads, 1 write and 4 cas/)
    })

    test.each([
      ['register', ['MSET s 1 t 2', 'GET s']],
      ['register', ['MULTI', 'SET s 1', 'SET s 2', 'EXEC', 'GET s']],
      ['set', ['SADD s 1 2', 'SMEMBERS s']],
      ['list-append', ['RPUSH s 1 2 3', 'LRANGE s 0 -1']],
    ])('commands that one client sends in one batch are not concurrent (model %s: %s)', async (model, commands) => {
      const { port } = await startRedis(installed('redis-server') ?? '')
      const { exitCode, stdout, stderr } = await record(
        port,
        shell(`printf '${commands.map((command) => `${command}\\n`).join('')}' | redis-cli -p {n1.port}`),
        model,
      )
      expect(exitCode, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/nothing ran at the same time as an? (write|add|append)/)
    })

    // If the argument `again` is `yes`, a client that loses its connection before a reply reconnects and repeats the
    // request, as drivers do by default. Each client uses its own keys. Otherwise, the first request of one client
    // could equal the lost request of another, and would look like a repetition.
    const INCREMENTS = `
      const { connect } = require('node:net')
      const [port, again] = process.argv.slice(1)
      const end = Date.now() + 2500
      const say = (...words) => '*' + words.length + '\\r\\n' + words.map((word) => '$' + word.length + '\\r\\n' + word + '\\r\\n').join('')
      function client(name, number, first) {
        let asked = first
        const socket = connect(Number(port), '127.0.0.1')
        const ask = (command) => { asked = command; socket.write(command) }
        const next = () => (Date.now() < end ? ask(say('INCR', 'page-' + name + number++ % 15)) : socket.destroy())
        if (first === undefined) next()
        else ask(first)
        socket.on('data', () => { asked = undefined; setTimeout(next, 3) })
        socket.on('error', () => {})
        socket.on('close', () => { if (Date.now() < end) setTimeout(client, 20, name, number, again === 'yes' ? asked : undefined) })
      }
      for (const name of ['a', 'b', 'c', 'd']) client(name, 0)
    `
    patientTest.each([
      ['yes', 'register', 2],
      ['yes', 'counter', 2],
      ['no', 'counter', 0],
    ])(
      'only a client that repeats an INCR after a lost reply is reported (repeats: %s, model: %s)',
      async (again, model, wanted) => {
        const { exitCode, stdout, stderr } = await chaos([
          ...[
            'record',
            '--serve',
            'redis-server --port {port} --save "" --dir {data}',
            '--as',
            'resp',
            '--model',
            model,
          ],
          ...['--faults', 'lose-reply', '--expect', 'linearizable', '--seed', '1', '--out', temporaryDirectory()],
          ...(model === 'counter' ? ['--initial', '0'] : []),
          ...['--', process.execPath, '-e', INCREMENTS, '{n1.port}', again],
        ])
        const isTold = /sent again by the same client\s+and\s+carried\s+out\s+both\s+times/.test(stdout)
        expect({ isTold, exitCode }, stdout + stderr).toEqual({ isTold: again === 'yes', exitCode: wanted })
      },
    )
  },
)
