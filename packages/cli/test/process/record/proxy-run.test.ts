import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { parseProxySettings } from '../../../src/proxy/use.ts'
import { startProxy } from '../../proxy-process.ts'
import { ROUTES, storeOverHttp } from '../../record/key-value-store.ts'

const listenOf = async (control: string): Promise<string> =>
  ((await (await fetch(`${control}/v1/proxies`)).json()) as { readonly listen: string }[])[0]!.listen

async function recordingProxy(more: readonly string[] = []) {
  const directory = temporaryDirectory()
  const routes = join(directory, 'routes.json')
  writeFileSync(routes, JSON.stringify(ROUTES))
  const out = join(directory, 'results')
  const proxy = await startProxy(['--upstream', await storeOverHttp(), '--record', routes, '--out', out, ...more])
  const listen = await listenOf(proxy.url)
  const runIn = () => join(out, readdirSync(out)[0] ?? '')
  return { ...proxy, listen: `http://${listen}/kv/x`, out, directory, runIn }
}

const put = (url: string, value: number) =>
  fetch(url, { method: 'PUT', body: JSON.stringify({ value }), headers: { 'X-Client': 'a' } })
const get = async (url: string) => (await fetch(url, { headers: { 'X-Client': 'b' } })).json()
const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a recording by chaos proxy', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'a recording by chaos proxy becomes a run with a record, a spec and a verdict if %s stops the proxy',
    async (signal) => {
      const { listen, child, finished, runIn } = await recordingProxy(['--expect', 'linearizable'])
      await put(listen, 1)
      expect(await get(listen)).toEqual({ value: 1 })
      child.kill(signal)
      const { exitCode, stdout, stderr } = await finished
      expect(exitCode, stderr).toBe(0)
      expect(stdout).toContain('recorded 2 operations (2 ok, 0 failed, 0 of unknown outcome)')
      expect(stdout).toContain('LINEARIZABLE')
      const kept = JSON.parse(readFileSync(join(runIn(), 'run.json'), 'utf8'))
      expect(kept).toMatchObject({ interrupted: false, spec: { expect: 'linearizable', target: { name: 'record' } } })
      expect(kept.result.levels.linearizable.result).toBe('met')
      expect(readFileSync(join(runIn(), 'report.html'), 'utf8')).toContain('<html')
      const history = linesOf(join(runIn(), 'history.jsonl'))
      expect(history.filter(({ final }) => final === true)).toHaveLength(1)
      expect(history.at(-1)).toMatchObject({ f: 'end' })
    },
  )

  test('run.json and events of a recording list every fault that chaos ctl injects, changes and heals', async () => {
    const { url, listen, child, finished, runIn } = await recordingProxy()
    const send = (method: string, path: string, body?: object) =>
      fetch(`${url}/v1/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    await put(listen, 1)
    const slow = { kind: 'latency', latencyMs: 1, proxies: ['n1'] }
    expect((await send('POST', 'faults', { ...slow, name: 'slow' })).status).toBe(201)
    await put(listen, 2)
    expect((await send('PUT', 'faults/slow', { ...slow, latencyMs: 2 })).ok).toBe(true)
    await put(listen, 3)
    expect((await send('DELETE', 'faults/slow')).ok).toBe(true)
    expect((await send('POST', 'faults', { kind: 'lose-reply', proxies: ['n1'], name: 'lost' })).ok).toBe(true)
    await expect(put(listen, 4)).rejects.toThrow()
    child.kill('SIGTERM')
    const { exitCode, stderr } = await finished
    expect(exitCode, stderr).toBe(0)
    const told = linesOf(join(runIn(), 'history.jsonl'))
      .filter(({ process }) => process === 'nemesis')
      .map(({ f, value }) => [f, value?.id, value?.latencyMs])
    expect(told).toEqual([
      ['latency', 'slow', 1],
      ['heal', 'slow', undefined],
      ['latency', 'slow (2)', 2],
      ['heal', 'slow (2)', undefined],
      ['lose-reply', 'lost', undefined],
      ['heal', 'lost', undefined],
      ['healed', undefined, undefined],
    ])
    const { faults } = JSON.parse(readFileSync(join(runIn(), 'run.json'), 'utf8'))
    expect(faults.map(({ id }: { id: string }) => id)).toEqual(['slow', 'slow (2)', 'lost'])
    for (const { hits } of faults) expect(hits).toBeGreaterThan(0)
  })

  test('chaos proxy closes its ports before the final reads of a recording, so that no client writes after them', async () => {
    const { listen, child, finished, runIn } = await recordingProxy()
    await put(listen, 1)
    const { port } = new URL(listen)
    const idle = connect(Number(port), '127.0.0.1')
    idle.on('error', () => undefined)
    await new Promise((resolve) => idle.once('connect', resolve))
    const ended = new Promise((resolve) => idle.once('close', resolve))
    child.kill('SIGTERM')
    await ended
    await expect(put(listen, 2)).rejects.toThrow()
    await finished
    const history = linesOf(join(runIn(), 'history.jsonl'))
    const last = history.findLastIndex(({ f }) => f === 'write')
    expect(history.findIndex(({ final }) => final === true)).toBeGreaterThan(last)
  })

  test('a recording by chaos proxy can be repeated from its spec with other clients', async () => {
    const first = await recordingProxy()
    await put(first.listen, 1)
    first.child.kill('SIGTERM')
    await first.finished
    const again = startChaos(['run', '--spec', join(first.runIn(), 'run.json'), '--trust', '--out', first.out])
    onTestFinished(() => {
      again.child.kill('SIGKILL')
    })
    const shown = await new Promise<string>((resolve) => {
      let text = ''
      again.child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk
        const [, address] = /n1 {2}(\S+) →/.exec(text) ?? []
        if (address !== undefined) resolve(address)
      })
    })
    await put(`http://${shown}/kv/x`, 2)
    again.child.kill('SIGINT')
    const { exitCode, stdout, stderr } = await again.finished
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toContain('LINEARIZABLE')
  })

  test('chaos proxy --record runs the command after --, and fails if the command fails', async () => {
    const script = 'fetch("http://" + process.env.CHAOS_PROXY_N1 + "/kv/x").then(() => process.exit(7))'
    const { finished, runIn } = await recordingProxy(['--', 'node', '-e', script])
    expect((await finished).exitCode).toBe(1)
    const { spec } = JSON.parse(readFileSync(join(runIn(), 'run.json'), 'utf8'))
    expect(spec.target.traffic.command).toEqual(['node', '-e', script])
  })

  test('chaos run --spec refuses a run that chaos proxy --config recorded, and prints the command to record again', async () => {
    const directory = temporaryDirectory()
    const [routes, config] = [join(directory, 'routes.json'), join(directory, 'proxies.json')]
    writeFileSync(routes, JSON.stringify(ROUTES))
    writeFileSync(
      config,
      JSON.stringify({
        proxies: [{ name: 'kv', listen: '127.0.0.1:0', upstream: await storeOverHttp() }],
        faults: [{ name: 'slow', kind: 'latency', latencyMs: 1, proxies: ['kv'] }],
      }),
    )
    const out = join(directory, 'results')
    const { url, child, finished } = await startProxy(['--config', config, '--record', routes, '--out', out])
    const listen = await listenOf(url)
    await put(`http://${listen}/kv/x`, 1)
    child.kill('SIGTERM')
    const { exitCode, stderr } = await finished
    expect(exitCode, stderr).toBe(0)
    const run = join(out, readdirSync(out)[0] ?? '')
    expect(linesOf(join(run, 'history.jsonl')).find(({ f }) => f === 'latency')).toMatchObject({
      value: { id: 'slow' },
    })
    const refused = await startChaos(['run', '--spec', join(run, 'run.json'), '--trust']).finished
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toContain(`Record again: npx chaos proxy`)
    expect(refused.stderr).toContain(`--config ${config}`)
  })

  describe('a recording with --carries', () => {
    async function configured(proxies: readonly object[], more: readonly string[] = []) {
      const directory = temporaryDirectory()
      const [config, out] = [join(directory, 'proxies.json'), join(directory, 'results')]
      writeFileSync(config, JSON.stringify({ proxies }))
      const { url, child, finished } = await startProxy(['--config', config, '--out', out, ...more])
      const listed = (await (await fetch(`${url}/v1/proxies`)).json()) as { name: string; listen: string }[]
      const reach = (name: string) => `http://${listed.find((each) => each.name === name)?.listen}`
      const ended = async () => {
        child.kill('SIGTERM')
        const { exitCode, stdout, stderr } = await finished
        expect(exitCode, stderr).toBe(0)
        expect(stdout).toContain('LINEARIZABLE')
        const run = join(out, readdirSync(out)[0] ?? '')
        const kept = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))
        return { kept, run, history: linesOf(join(run, 'history.jsonl')) }
      }
      return { config, reach, ended }
    }
    const proxyOf = async (name: string, carries?: object) => ({
      ...{ name, listen: '127.0.0.1:0', upstream: await storeOverHttp() },
      ...(carries === undefined ? {} : { carries }),
    })

    test('a recording with --carries becomes a run with a verdict, final reads and the command that repeats it', async () => {
      const proxies = [await proxyOf('kv', { kind: 'http', ...ROUTES }), await proxyOf('raw')]
      const { config, reach, ended } = await configured(proxies, ['--expect', 'linearizable'])
      await put(`${reach('kv')}/kv/x`, 1)
      expect(await get(`${reach('kv')}/kv/x`)).toEqual({ value: 1 })
      await put(`${reach('raw')}/kv/x`, 2)
      const { kept, run, history } = await ended()
      expect(kept.result.levels.linearizable.result).toBe('met')
      expect(kept.spec).toMatchObject({ expect: 'linearizable', target: { name: 'record', traffic: { as: config } } })
      expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('<html')
      expect(history[0]).toMatchObject({ model: 'register', initial: null, sessions: { by: 'header.X-Client' } })
      const invoked = history.filter(({ type }) => type === 'invoke')
      expect(invoked.filter(({ f }) => f === 'write')).toMatchObject([{ key: 'x', value: 1, node: 'kv' }])
      expect(invoked.filter(({ final }) => final === true)).toMatchObject([{ f: 'read', key: 'x', node: 'kv' }])
      const refused = await startChaos(['run', '--spec', join(run, 'run.json'), '--trust']).finished
      expect(refused.exitCode).toBe(3)
      expect(refused.stderr).toContain('Record again: npx chaos proxy')
      expect(refused.stderr).toContain(`--config ${config}`)
    })

    test('a recording by a route table is refused if several models fit its functions and none is chosen', async () => {
      const table = join(temporaryDirectory(), 'routes.json')
      const routes = [{ request: 'POST /counters/{key}', f: 'add', value: 'json.n' }]
      writeFileSync(table, JSON.stringify({ routes }))
      const words = ['proxy', '--listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1', '--record', table]
      const { exitCode, stderr } = await startChaos([...words, '--out', `${table}.history.jsonl`]).finished
      expect(stderr).toMatch(/its functions \(add\) fit several models: .*counter.* Choose one: --model /)
      expect(exitCode).toBe(3)
    })

    test('a recording with --carries is refused, with an alternative, if no single model applies to all of its proxies', async () => {
      const bank = { ...ROUTES, routes: [{ request: 'POST /add', f: 'add', value: 'body' }] }
      const refusals = [
        [{ kind: 'resp', commands: 'counter' }, 'one proxy records the model register and another the model counter'],
        [{ kind: 'http', ...bank }, 'no model has all functions that these proxies record (read, write, add)'],
      ] as const
      for (const [other, message] of refusals) {
        const directory = temporaryDirectory()
        const [config, out] = [join(directory, 'proxies.json'), join(directory, 'results')]
        const register = other.kind === 'resp' ? 'resp' : { kind: 'http', ...ROUTES }
        const proxies = [register, other].map((carries, i) => ({ name: `p${i}`, upstream: '127.0.0.1:1', carries }))
        writeFileSync(config, JSON.stringify({ proxies }))
        const words = ['proxy', '--control', '127.0.0.1:0', '--config', config, '--out', out]
        const { exitCode, stderr } = await startChaos(words).finished
        expect(exitCode).toBe(3)
        expect(stderr).toContain(`${config}: ${message}`)
        expect(stderr).toContain('in one history file: --out history.jsonl')
        expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
      }
    })

    test('proxies with different route tables are recorded as one run, which has no final reads', async () => {
      const [read, write] = ROUTES.routes
      const carts = [
        { ...read, request: 'GET /carts/{key}' },
        { ...write, request: 'PUT /carts/{key}' },
      ]
      const proxies = [
        await proxyOf('kv', { kind: 'http', ...ROUTES }),
        await proxyOf('carts', { kind: 'http', ...ROUTES, routes: carts, client: 'header.X-Cart' }),
      ]
      const { reach, ended } = await configured(proxies)
      await put(`${reach('kv')}/kv/x`, 1)
      await put(`${reach('carts')}/carts/y`, 2)
      expect(await get(`${reach('carts')}/carts/y`)).toEqual({ value: 2 })
      const { history } = await ended()
      expect(history[0]).toMatchObject({ initial: null, sessions: { by: 'header.X-Client, header.X-Cart' } })
      expect(history.filter(({ type }) => type === 'invoke')).toMatchObject([
        { f: 'write', key: 'x', node: 'kv' },
        { f: 'write', key: 'y', node: 'carts' },
        { f: 'read', key: 'y', node: 'carts' },
      ])
    })
  })

  test('a recording that cannot start leaves no directory behind', async () => {
    const directory = temporaryDirectory()
    const routes = join(directory, 'routes.json')
    writeFileSync(routes, JSON.stringify(ROUTES))
    const out = join(directory, 'results')
    const taken = await storeOverHttp()
    const words = ['proxy', '--control', '127.0.0.1:0', '--listen', taken, '--upstream', '127.0.0.1:1']
    const { exitCode } = await startChaos([...words, '--record', routes, '--out', out]).finished
    expect(exitCode).toBe(4)
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
  })
})

describe('the output of a recording by chaos proxy', () => {
  const of = (options: Parameters<typeof parseProxySettings>[0]) => {
    const { record, run } = parseProxySettings({ upstream: 'a:1', record: 'resp', ...options })
    return record === undefined ? { directory: run?.out } : { file: record.out }
  }

  test('chaos proxy writes a recording to a new directory unless --out names a file or --rotate is given', () => {
    expect(of({})).toEqual({ directory: 'chaos-results' })
    expect(of({ out: 'results' })).toEqual({ directory: 'results' })
    expect(of({ out: 'results.d/' })).toEqual({ directory: 'results.d/' })
    expect(of({ out: temporaryDirectory() })).toHaveProperty('directory')
    expect(of({ out: 'x.jsonl' })).toEqual({ file: 'x.jsonl' })
    expect(of({ rotate: '1MB' })).toEqual({ file: 'recording' })
    expect(of({ out: 'results', rotate: '1h' })).toEqual({ file: 'results' })
  })

  const configOf = (...carried: readonly unknown[]): string => {
    const file = join(temporaryDirectory(), 'proxies.json')
    const proxies = carried.map((carries, i) => ({ name: `p${i}`, listen: '127.0.0.1:0', upstream: 'a:1', carries }))
    writeFileSync(file, JSON.stringify({ proxies }))
    return file
  }
  const http = { kind: 'http', ...ROUTES }

  test('chaos proxy --carries writes to a directory or a file by the same rules as --record', () => {
    const said = { upstream: undefined, record: undefined, config: configOf(http) }
    expect(of({ ...said, out: 'results' })).toEqual({ directory: 'results' })
    expect(of({ ...said, expect: 'linearizable' })).toEqual({ directory: 'chaos-results' })
    expect(of({ ...said, out: 'x.jsonl' })).toEqual({ file: 'x.jsonl' })
    expect(of({ ...said, out: 'x', rotate: '1MB' })).toEqual({ file: 'x' })
    expect(of({ record: undefined, carries: 'resp', out: 'results' })).toEqual({ directory: 'results' })
    expect(of({ ...said, config: configOf(undefined, 'http'), out: 'results' })).toEqual({ file: 'results' })
  })

  test('parseProxySettings marks which servers of a configuration are recorded', () => {
    const [read] = ROUTES.routes
    const other = { ...http, routes: [read] }
    const config = configOf({ ...http, kind: 'http2' }, 'tcp', http, other, 'resp', 'resp', 'http')
    const { run } = parseProxySettings({ config, out: 'results' })
    expect(run?.carried.map(({ kind }) => kind)).toEqual(['http', 'http', 'spoken'])
    expect(run?.servers.map(({ recorded = true }) => recorded)).toEqual([true, false, true, true, true, true, false])
  })

  test.each([
    [{ out: 'x/y.jsonl', rotate: '1MB' }, '--out x/y.jsonl is a file: name the directory, such as --out y'],
    [{ rotate: '5' }, '--rotate 5 is neither a size nor a time'],
    [{ rotate: '999ms' }, '--rotate 999ms is too small. Give at least 1s'],
    [{ rotate: '1KB' }, '--rotate 1KB is too small. Give at least 1MB'],
    [{ out: 'x.jsonl', compress: true }, '--compress needs a recording in parts: say when a part ends'],
    [{ out: 'x.jsonl', keep: '3' }, '--keep needs a recording in parts: say when a part ends'],
    [{ rotate: '1MB', keep: '1' }, '--keep 1: must be a whole number from 2'],
    [{ out: 'x.jsonl', expect: 'sequential' }, 'Omit --out, or run chaos check x.jsonl after the recording'],
    [{ rotate: '1MB', require: 'lost == 0' }, 'Omit --rotate, or run chaos check recording after the recording'],
    [{ rotate: '1MB', events: 'x' }, 'Omit --rotate, or run chaos check recording after the recording'],
    [{ record: undefined, expect: 'linearizable' }, 'name the protocol of the traffic with --record'],
    [{ record: undefined, carries: 'resp', out: 'results', client: 'connection' }, 'write "client" in --carries'],
    [{ seed: 'abc' }, '--seed abc'],
  ])('chaos proxy refuses the output options %o of a recording, with an alternative', (options, message) => {
    expect(() => of(options)).toThrow(message)
  })
})
