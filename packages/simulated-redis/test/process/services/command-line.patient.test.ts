import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, root } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { folderWith } from '../../../../testing/src/racing-register.ts'
import { commands } from '../../../src/commands/registry.ts'

/**
 * Returns a program that keeps a register in Redis, with the ioredis of this repository. Any of its nodes serves the
 * register.
 */
const register = (decide: string): string => `
import { createServer, type IncomingMessage } from 'node:http'
import Redis from 'ioredis'

const redis = new Redis(process.env['REDIS_URL'] ?? '')
redis.on('error', () => {})
const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

async function decide(key: string, from: unknown, to: unknown): Promise<boolean> {
  ${decide}
}

createServer(async (request, response) => {
  const body = await bodyOf(request)
  const key = (request.url ?? '').slice('/kv/'.length)
  if (request.method === 'GET') return void response.end(JSON.stringify({ value: JSON.parse((await redis.get(key)) ?? 'null') }))
  const { value, from, to } = JSON.parse(body)
  if (request.method === 'PUT') await redis.set(key, JSON.stringify(value))
  else if (!(await decide(key, from, to))) return void response.writeHead(409).end('{}')
  response.end('{}')
}).listen(process.env['PORT'])
`

const RACING = register(`if (JSON.parse((await redis.get(key)) ?? 'null') !== from) return false
  await redis.set(key, JSON.stringify(to))
  return true`)
const CURED = register(`const own = redis.duplicate()
  try {
    await own.watch(key)
    if (JSON.parse((await own.get(key)) ?? 'null') !== from) return false
    return (await own.multi().set(key, JSON.stringify(to)).exec()) !== null
  } finally {
    own.disconnect()
  }`)

function folderOf(program: string): string {
  const folder = folderWith(program)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

const calm = ['--nodes', '2', '--faults', 'none', '--clients', '4', '--workload-set', 'cas=0.5', '--keys', '1']

describe('chaos simulate --redis', () => {
  test('chaos simulate --redis supports exactly the commands that the manual lists', () => {
    const manual = readFileSync(join(root, 'packages', 'cli', 'docs', 'searching.md'), 'utf8')
    const [table = ''] = manual.match(/^\| family \| commands \|\n(\|.*\n)+/m) ?? []
    expect([...new Set(table.match(/\b[A-Z_]{3,}\b/g))].sort()).toEqual([...commands.keys()].sort())
  })

  test('chaos simulate --redis refuses an unsupported Redis command by name, and exits with code 3', async () => {
    const cwd = folderOf(register(`return (await redis.pfadd(key, 'x')) === 1`))
    const args = ['simulate', './server.ts', ...calm, '--redis', '--seeds', '4', '--workers', '1']
    const { exitCode, stderr } = await chaos(args, { cwd })
    expect(stderr).toContain('cannot be simulated: on redis, PFADD cannot be simulated')
    expect(exitCode).toBe(3)
  })

  patientTest('finds a race between a GET and a SET, and replays the identical history', async () => {
    const cwd = folderOf(RACING)
    const services = { register: { entry: './server.ts', redis: 'simulated', nodes: 2 } }
    writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ services }))
    const args = [
      'simulate',
      'register',
      ...calm.slice(2),
      '--seeds',
      '64',
      '--workers',
      '1',
      '--json',
      '--shrink',
      '5s',
    ]
    const { exitCode, stdout } = await chaos(args, { cwd })
    expect(exitCode).toBe(1)
    const { failures } = JSON.parse(stdout)
    expect(failures).toMatchObject([{ kind: 'violation', cause: 'not linearizable' }])
    const replayed = await chaos(['replay', failures[0].replay, '--program', './server.ts'], { cwd })
    expect(replayed.stdout).toContain('in the simulator: the same history as was recorded, to the byte')
    expect(replayed.exitCode).toBe(1)
  })

  patientTest('finds no failure under kills of the Redis, and finds lost writes after power losses', async () => {
    // By default, ioredis resends commands that may have been executed. This test looks for a different bug, so it
    // switches resending off.
    const once = `{ autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 }`
    const cwd = folderOf(
      CURED.replace("process.env['REDIS_URL'] ?? ''", `process.env['REDIS_URL'] ?? '', ${once}`)
        .replace(
          'createServer(async (request, response) => {',
          "createServer((request, response) => serve(request, response).catch(() => response.writeHead(500).end('{}'))).listen(process.env['PORT'])\nasync function serve(request, response) {",
        )
        .replace(/\}\)\.listen\(process\.env\['PORT'\]\)\s*$/, '}'),
    )
    const fixed = ['--nodes', '1', '--keys', '1', '--workload-set', 'cas=0', '--workers', '1']
    const args = (fault: string) => [
      'simulate',
      './server.ts',
      ...fixed,
      '--faults',
      fault,
      '--redis',
      '--seeds',
      '12',
      '--json',
      '--shrink',
      '1s',
    ]
    const [kept, lost] = [await chaos(args('kill'), { cwd }), await chaos(args('power-loss'), { cwd })]
    expect(kept.stderr).toBe('')
    expect(JSON.parse(kept.stdout).found).toBe(false)
    const { failures } = JSON.parse(lost.stdout)
    expect(failures).toMatchObject([{ cause: 'not linearizable' }])
    const replayed = await chaos(['replay', failures[0].replay, '--program', './server.ts'], { cwd })
    expect(replayed.stdout).toContain('in the simulator: the same history as was recorded, to the byte')
  })

  patientTest('finds no failure if the service watches its keys', async () => {
    const cwd = folderOf(CURED)
    const args = ['simulate', './server.ts', ...calm, '--redis', '--seeds', '12', '--workers', '1', '--json']
    const { exitCode, stdout, stderr } = await chaos(args, { cwd })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 12 })
    expect(exitCode).toBe(0)
  })
})
