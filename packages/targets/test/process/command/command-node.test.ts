import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/clients.ts'
import { eventually, processExists } from '../../../../testing/src/real-cluster.ts'
import { missingServer } from '../../../src/client-kinds/postgres/programs.ts'
import { findProgram, missingPrograms } from '../../../src/command/programs.ts'
import { commands, script, shell } from '../../command/commands.ts'

const run = commands()
const isRoot = process.getuid?.() === 0

/** A program that counts its starts in its data directory, and answers every request with this count. */
const counting = `
  const { readFileSync, writeFileSync, existsSync } = require('node:fs')
  const path = process.env.DATA + '/lives'
  const lives = existsSync(path) ? Number(readFileSync(path, 'utf8')) + 1 : 1
  writeFileSync(path, String(lives))
  require('node:http').createServer((_, response) => response.end(String(lives))).listen(process.env.PORT, '127.0.0.1')
`
const countingServer = {
  command: { ...script(counting), environment: { PORT: '{port}', DATA: '{data}' } },
  ports: ['client'],
  readiness: { by: 'http', port: 'client', path: '/' },
} as const

const answerOf = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text()

describe('a node run by an arbitrary command', () => {
  test('a node listens on its assigned port, and keeps the port and its data after a restart', async () => {
    const moved: (number | undefined)[] = []
    const node = await run.node({ ...countingServer, moved: (ports) => moved.push(ports?.client) })
    await node.start()
    expect(await answerOf(node.ports.client)).toBe('1')
    const first = node.pid()
    expect(await node.kill()).toBe(true)
    expect(node.pid()).toBeUndefined()
    expect(processExists(first)).toBe(false)
    await node.revive()
    expect(await answerOf(node.ports.client)).toBe('2')
    expect(node.life()).toEqual({ number: 3, alive: true })
    expect(moved).toEqual([node.ports.client, undefined, node.ports.client])
  })

  test('a node restarts with an empty data directory if restarts wipe it', async () => {
    const node = await run.node({ ...countingServer, wipedOnRestart: true })
    await node.start()
    await node.kill()
    await node.revive()
    expect(await answerOf(node.ports.client)).toBe('1')
  })

  test('a paused node holds a request that arrives, and replies after the resume', async () => {
    const node = await run.node(countingServer)
    await node.start()
    await node.pause()
    const answer = answerOf(node.ports.client)
    const early = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, 'nothing'))])
    expect(early).toBe('nothing')
    node.resume()
    expect(await answer).toBe('1')
  })

  test.each([
    ['only', false],
    ['and again after each wipe', true],
  ])('a node runs its preparation before the first start %s', async (_, wipedOnRestart) => {
    const prepare = [shell('echo prepared >> {data}/notes'), shell('echo twice >> {data}/notes')]
    const notes = join(run.directory(), 'data', 'notes')
    const node = await run.node({ ...countingServer, prepare, wipedOnRestart })
    await node.start()
    await node.kill()
    await node.revive()
    expect(readFileSync(notes, 'utf8')).toBe('prepared\ntwice\n')
  })

  test('a node whose preparation fails does not start, and its output is reported', async () => {
    const node = await run.node({ ...countingServer, prepare: [shell('echo no space left >&2; exit 1')] })
    await expect(node.start()).rejects.toThrow(/failed \(exit code 1\).*\n {2}no space left/)
    expect(node.pid()).toBeUndefined()
  })

  test("a node may have several ports, and gets its peers' addresses by a placeholder", async () => {
    const node = await run.node({
      command: shell('echo "{node} {host} {port} {port.peer} {others} {{kept}} {\\"json\\":1}"; exec sleep 300'),
      ports: ['client', 'peer'],
      placeholders: () => ({ others: 'n2=127.0.0.1:1,n3=127.0.0.1:2' }),
      readiness: { by: 'log', pattern: '^n1 ' },
    })
    await node.start()
    const { client, peer } = node.ports
    expect(client).not.toBe(peer)
    expect(run.log()).toBe(`n1 127.0.0.1 ${client} ${peer} n2=127.0.0.1:1,n3=127.0.0.1:2 {kept} {"json":1}\n`)
  })

  test('a node with an unknown placeholder is refused before it starts', async () => {
    const command = { words: ['redis-server', '--port', '{prot}'] } as const
    await expect(run.node({ ...countingServer, command })).rejects.toMatchObject({
      code: 'input',
      message:
        '{prot}: there is no value for the placeholder {prot}. Did you mean {port}? The placeholders are {node}, {host}, {data}, {port}, {port.client}; to keep {prot} as text, write {{prot}}.',
    })
    expect(existsSync(run.logPath())).toBe(false)
  })

  test.runIf(isRoot)('a node runs its commands as the declared user, who owns the data directory', async () => {
    const node = await run.node({
      command: { ...shell('id -un > {data}/me; exec sleep 300'), user: 'nobody', directory: '/' },
      ports: ['client'],
      dataDir: join('/tmp', `chaos-user-${process.pid}`),
      prepare: [shell('id -un > {data}/first')],
      readiness: { by: 'command', command: { words: ['test', '-s', '{data}/me'] } },
    })
    const data = `/tmp/chaos-user-${process.pid}`
    try {
      await node.start()
      expect(readFileSync(`${data}/me`, 'utf8')).toBe('nobody\n')
      expect(readFileSync(`${data}/first`, 'utf8')).toBe('nobody\n')
      expect(statSync(data).mode & 0o777).toBe(0o700)
    } finally {
      await node.end()
      rmSync(data, { recursive: true, force: true })
    }
  })
})

describe('the start of a node', () => {
  const late = (then: string) => script(`setTimeout(() => { ${then} }, 200)`)
  const listen = "require('node:net').createServer().listen(process.env.PORT, '127.0.0.1')"

  test('the start of a node succeeds once the node accepts connections', async () => {
    const command = { ...late(listen), environment: { PORT: '{port}' } }
    const node = await run.node({ command, ports: ['client'], readiness: { by: 'tcp', port: 'client' } })
    await node.start()
    expect(node.life().alive).toBe(true)
  })

  test('the start of a node succeeds once the node replies with the required status', async () => {
    const server = `
      let asked = 0
      require('node:http').createServer((_, response) => response.writeHead(++asked < 3 ? 503 : 204).end())
        .listen(process.env.PORT, '127.0.0.1')`
    const command = { ...script(server), environment: { PORT: '{port}' } }
    const readiness = { by: 'http', port: 'client', path: '/ready' } as const
    const node = await run.node({ command, ports: ['client'], readiness })
    await node.start()
    expect(node.life().alive).toBe(true)
  })

  test('a restarted node is ready only when it prints the expected line again', async () => {
    const command = shell('sleep 0.1; echo starting; echo "ready to accept"; exec sleep 300')
    const node = await run.node({ command, ports: ['client'], readiness: { by: 'log', pattern: 'ready to accept' } })
    await node.start()
    await node.kill()
    await node.revive()
    expect(run.log()).toBe('starting\nready to accept\nstarting\nready to accept\n')
  })

  test('the start of a node succeeds once the readiness command exits with 0', async () => {
    const path = join(run.directory(), 'there')
    const command = shell(`sleep 0.1; touch ${path}; exec sleep 300`)
    const readiness = { by: 'command', command: { words: ['test', '-e', path] } } as const
    const node = await run.node({ command, ports: ['client'], readiness })
    await node.start()
    expect(existsSync(path)).toBe(true)
  })

  test('the start of a node fails after the timeout with an error that names the readiness condition', async () => {
    const node = await run.node({
      command: shell('exec sleep 300'),
      ports: ['client'],
      readiness: { by: 'tcp', port: 'client' },
      startupTimeoutMs: 200,
    })
    await expect(node.start()).rejects.toThrow(
      `n1 was not ready within 200 ms. It is ready once it accepts connections on 127.0.0.1:${node.ports.client}. It printed nothing.\nIts log is`,
    )
    expect(node.pid()).toBeUndefined()
  })

  test('the start of a node fails after the timeout with advice on nodes that wait for each other', async () => {
    const node = await run.node({
      command: shell('echo waiting for peers; exec sleep 300'),
      ports: ['client'],
      readiness: { by: 'log', pattern: 'joined' },
      startupTimeoutMs: 500,
    })
    await expect(node.start()).rejects.toThrow(
      'n1 was not ready within 500 ms. It is ready once it prints a line that matches /joined/, and other nodes cannot reach it before. If it waits for other nodes first, declare "ready": {"by": "tcp"}.',
    )
  })

  test.runIf(process.platform === 'linux')(
    'the start of a node fails after the timeout with an error that names the port where the node listens',
    async () => {
      const script = "require('node:net').createServer().listen(0, '127.0.0.1')"
      const node = await run.node({
        command: { words: [process.execPath, '-e', script] },
        ports: ['client'],
        readiness: { by: 'tcp', port: 'client' },
        startupTimeoutMs: 3_000,
      })
      await expect(node.start()).rejects.toThrow(
        / It listens on port \d+: check that its command uses \{port\}\. It printed nothing\.\nIts log is /,
      )
    },
  )

  test('the start of a node fails with the last lines of its output if the node exits first', async () => {
    const node = await run.node({
      command: shell('for i in $(seq 24); do echo "line $i"; done; echo "bad option: --prot" >&2; exit 2'),
      ports: ['client'],
      readiness: { by: 'tcp', port: 'client' },
    })
    await expect(node.start()).rejects.toThrow(
      /^n1 did not start \(exit code 2\)\. The last lines of its log:\n {2}line 6\n(?: {2}line \d+\n){18} {2}bad option: --prot\nIts log is .*n1\.log$/,
    )
  })

  test('the start of a node fails if the program does not exist', async () => {
    const command = { words: ['no-such-server'] } as const
    const node = await run.node({ command, ports: ['client'], readiness: { by: 'tcp', port: 'client' } })
    await expect(node.start()).rejects.toThrow('there is no program no-such-server in any directory of PATH')
  })
})

describe('a supervised node', () => {
  test('a node that does not restart is reported with its last output', async () => {
    const path = join(run.directory(), 'was-here')
    const node = await run.node({
      command: shell(`test -e ${path} && { echo "half a file"; exit 3; }; touch ${path}; echo up; exec sleep 300`),
      ports: ['client'],
      readiness: { by: 'log', pattern: 'up' },
    })
    await node.start()
    await node.kill()
    await expect(node.revive()).rejects.toThrow(
      /^n1 did not start again \(exit code 3\); its last output: half a file \(.*n1\.log\)$/,
    )
  })

  test('a node that exits unexpectedly is reported with its last lines of output', async () => {
    const told: string[] = []
    const node = await run.node({
      command: shell('echo up; sleep 0.2; echo "out of memory"; exit 1'),
      ports: ['client'],
      readiness: { by: 'log', pattern: 'up' },
      died: (message) => told.push(message),
    })
    await node.start()
    await eventually(async () => expect(told).toHaveLength(1))
    expect(told[0]).toMatch(/^n1 ended by itself \(exit code \d+\); its last output: out of memory \(/)
  })

  test('a node runs again only after all of its kills and pauses are healed', async () => {
    const node = await run.node(countingServer)
    await node.start()
    await Promise.all([node.kill(), node.kill()])
    await node.pause()
    await node.revive()
    expect(node.pid()).toBeUndefined()
    await node.revive()
    expect(node.life().alive).toBe(true)
    const answer = answerOf(node.ports.client)
    expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, 'paused'))])).toBe('paused')
    node.resume()
    expect(await answer).toBe('2')
  })

  test('a node restarts after the last heal if a second kill interrupts its first restart', async () => {
    const node = await run.node(countingServer)
    await node.start()
    await node.kill()
    const reviving = node.revive()
    await node.kill()
    await reviving
    expect(node.pid()).toBeUndefined()
    await node.revive()
    expect(node.life().alive).toBe(true)
  })
})

describe.runIf(findProgram('python3') !== undefined)('a node that runs python3 -m http.server', () => {
  test('python3 -m http.server serves the same file before a kill and after the restart', async () => {
    const node = await run.node({
      command: {
        words: ['python3', '-m', 'http.server', '{port}', '--bind', '{host}', '--directory', '{data}'],
        environment: { PYTHONUNBUFFERED: '1' },
      },
      ports: ['client'],
      readiness: { by: 'http', port: 'client', path: '/' },
    })
    mkdirSync(join(run.directory(), 'data'))
    writeFileSync(join(run.directory(), 'data', 'hello'), 'world')
    await node.start()
    const read = async () => (await fetch(`http://127.0.0.1:${node.ports.client}/hello`)).text()
    expect(await read()).toBe('world')
    await node.kill()
    await expect(read()).rejects.toThrow()
    await node.revive()
    expect(await read()).toBe('world')
    expect(readdirSync(run.directory()).sort()).toEqual(['data', 'n1.log'])
  })
})

test('missing programs are reported with an install hint, and outdated programs with their version', async () => {
  const directory = temporaryDirectory()
  const printing = (name: string, version: string): string => {
    const path = join(directory, name)
    writeFileSync(path, `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 })
    return path
  }
  const old = printing('redis-server', 'Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64')
  const young = printing('etcd', 'etcd Version: 3.10.0')
  const mute = printing('postgres', '')
  const needed = [
    { program: 'sh', install: 'is everywhere' },
    { program: 'no-such-server', install: 'apt-get install no-such-server' },
    { program: old, install: 'from its authors', oldest: '7.0' },
    { program: young, install: 'from its authors', oldest: '3.4' },
    { program: mute, install: 'from its authors', oldest: '14' },
  ]
  expect(await missingPrograms(needed)).toEqual([
    needed[1],
    { program: `${old} 7.0 or later`, install: 'from its authors', found: `${old} is 6.2.14` },
  ])
  const bin = printing('postgres', 'postgres (PostgreSQL) 9.6.24')
  const programs = dirname(bin)
  expect(await missingServer(programs)).toMatchObject([{ found: `that in ${programs} is 9.6.24` }])
})
