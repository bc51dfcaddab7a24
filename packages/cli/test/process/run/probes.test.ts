import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runProbes } from '../../../../engine/src/probe/run-probes.ts'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const stale = join(root, 'histories', 'stale-read.jsonl')

/**
 * A server whose responses follow from the path: `/200/body` returns status 200 and `body`, and `/late` never responds.
 */
async function answering(): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const [, status = '', body = ''] = url.split('/')
    if (status === 'late') return
    response.writeHead(Number(status)).end(decodeURIComponent(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const asked = async (text: string, placeholders = {}) => (await runProbes([text], placeholders)).get(text)

describe('a probe over HTTP', () => {
  test('an HTTP probe returns the status code, a number in the body, or a JSON member named by "json.PATH"', async () => {
    const url = await answering()
    expect(await asked(`${url}/503 status == 503`)).toEqual({ value: 503 })
    expect(await asked(`${url}/200/lag:%2012.5%20ms body < 20`)).toEqual({ value: 12.5 })
    const json = encodeURIComponent('{"nodes":[{"lag":3,"up":true}]}')
    expect(await asked(`${url}/200/${json} json.nodes.0.lag < 5`)).toEqual({ value: 3 })
    expect(await asked(`${url}/200/${json} json.nodes.0.up == 1`)).toEqual({ value: 1 })
    expect(await asked('http://{n1}/204 = 204', { n1: url.slice('http://'.length) })).toEqual({ value: 204 })
  })

  test('an HTTP probe that receives no number gives the reason', async () => {
    const url = await answering()
    expect(await asked(`${url}/200/fine body == 1`)).toEqual({ why: 'the answer contains no number: fine' })
    expect(await asked(`${url}/200/fine json.a == 1`)).toEqual({ why: 'the answer is not JSON: fine' })
    expect(await asked(`${url}/200/%7B%7D json.a.b == 1`)).toEqual({ why: 'json.a.b is not a number: nothing' })
    expect(await asked(`${url}/late == 200 within 50ms`)).toEqual({ why: 'no answer within 50 ms' })
    expect(await asked('http://127.0.0.1:1/ == 200')).toEqual({ why: expect.stringContaining('no answer: ') })
  })
})

describe('a probe by a command', () => {
  test('a command probe returns the exit code for "exit", and the first printed number for "output"', async () => {
    expect(await asked('command "exit 3" == 3')).toEqual({ value: 3 })
    expect(await asked(`command 'echo "rows: -7 of 9"' output < 0`)).toEqual({ value: -7 })
  })

  test('a command probe has no value if the command cannot be run, prints no number or takes too long', async () => {
    const file = join(temporaryDirectory(), 'late')
    const [missing, wordless, broken, slow] = await Promise.all([
      asked('command "no-such-program-here" == 0'),
      asked('command "echo none" output == 0'),
      asked('command "echo 5; exit 1" output == 5'),
      asked(`command "sleep 1; touch ${file}" == 0 within 20ms`),
    ])
    expect(missing).toEqual({ why: expect.stringMatching(/^it cannot be run: .*not found/) })
    expect(wordless).toEqual({ why: 'its output contains no number: none' })
    expect(broken).toEqual({ why: 'it ended with exit code 1: 5' })
    expect(slow).toEqual({ why: 'no answer within 20 ms' })
    await asked('command "sleep 1.2" == 0')
    expect(existsSync(file)).toBe(false)
  })
})

describe('a probe in --require', () => {
  test('chaos check includes a probe of --require in its JSON, and exits with 1 if the probe misses its bound', async () => {
    const url = await answering()
    const { exitCode, stdout } = await chaosHere([
      ...['check', stale, '--json', '--require', `${url}/500 status == 200`, '--require', 'command "true" exit == 0'],
    ])
    expect(JSON.parse(stdout).requirements).toEqual([
      { requirement: `${url}/500 status == 200`, met: false, found: '500', value: 500, why: '' },
      { requirement: 'command "true" exit == 0', met: true, found: '0', value: 0, why: '' },
    ])
    expect(exitCode).toBe(1)
  })

  test('chaos run evaluates a probe of --require after the last heal, and a probe without a response is unknown', async () => {
    const out = temporaryDirectory()
    const simulated = ['run', '--sim', '--time', '1s', '--rate', '150', '--seed', '1', '--faults', 'none', '--out', out]
    const asking = (probe: string) => chaosHere([...simulated, '--require', probe])
    expect((await asking(`command "ls ${out}/*/history.jsonl" exit == 0`)).exitCode).toBe(0)
    expect((await asking('command "false" exit == 0')).exitCode).toBe(1)
    const { exitCode, stdout } = await asking('http://127.0.0.1:1/ status == 200')
    expect(stdout).toContain('? http://127.0.0.1:1/ status == 200: unknown, no answer')
    expect(exitCode).toBe(2)
  })

  test('chaos record passes the server addresses to a probe of --require, and evaluates it before the servers stop', async () => {
    const cwd = temporaryDirectory()
    const routes = [
      { request: 'GET /{key}', f: 'read', result: 'json.value' },
      { request: 'PUT /{key}', f: 'write', value: 'json.value' },
    ]
    writeFileSync(join(cwd, 'routes.json'), JSON.stringify({ initial: 'unknown', routes }))
    writeFileSync(
      join(cwd, 'server.mjs'),
      `import { createServer } from 'node:http'
      createServer((request, response) => {
        request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{"value":1}'))
      }).listen(Number(process.argv[2]), '127.0.0.1')`,
    )
    const { stdout, stderr } = await chaosHere(
      [
        ...['record', '--serve', 'node server.mjs {port}', '--as', 'routes.json', '--json', '--verbose'],
        ...['--require', 'http://{n1}/x json.value == 1'],
        ...['--', 'node', '-e', 'fetch("http://{n1}/x").then((answer) => answer.text())'],
      ],
      { cwd },
    )
    expect(stderr).toMatch(/^ {2}command: node -e /m)
    expect(stderr).toMatch(/^ {2}n1: node server\.mjs /m)
    expect(JSON.parse(stdout).requirements).toMatchObject([{ met: true, found: '1' }])
  })
})

test('chaos check --require LEVEL fails if that level is violated', async () => {
  expect((await chaosHere(['check', stale, '--require', 'linearizable'])).exitCode).toBe(1)
  expect((await chaosHere(['check', stale, '--require', 'sequential'])).exitCode).toBe(0)
  const { exitCode, stderr } = await chaosHere(['check', stale, '--require', 'linearizable of read during healed'])
  expect(exitCode).toBe(3)
  expect(stderr).toContain('so it takes no "of" or "during": write only linearizable.')
})

describe('a configuration with a baseline', () => {
  test('a configuration can set baseline and tolerance for each run', async () => {
    const cwd = temporaryDirectory()
    const spec = { target: 'sim:raft', timeMs: 1000, rate: 150, seed: 3, faults: [] }
    const write = (runs: object, more: object = {}) =>
      writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ ...spec, ...more, runs }))
    write({ smoke: {} })
    const { stdout } = await chaosHere(['run', 'smoke', '--json'], { cwd })
    const fast = { ...JSON.parse(stdout), latency: { p99Nanos: 1000 } }
    writeFileSync(join(cwd, 'fast.json'), JSON.stringify(fast))
    writeFileSync(join(cwd, 'usual.json'), stdout)
    write(
      { smoke: {}, strict: { baseline: 'fast.json' }, lax: { tolerance: '100000000%' } },
      { baseline: 'usual.json' },
    )
    const exitCodeOf = async (run: string) => (await chaosHere(['run', run], { cwd })).exitCode
    expect(await exitCodeOf('smoke')).toBe(0)
    expect(await exitCodeOf('strict')).toBe(1)
    expect(await exitCodeOf('lax')).toBe(0)
    write({ strict: { tolerance: 'much' } })
    const { exitCode, stderr } = await chaosHere(['run', 'strict'], { cwd })
    expect(stderr).toContain('must be a percentage, such as 20%')
    expect(exitCode).toBe(3)
    expect(readFileSync(join(cwd, 'usual.json'), 'utf8')).toBe(stdout)
  })
})
