import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseProxySettings } from '../src/proxy/settings.ts'
import { startChaos, temporaryDirectory } from './chaos.ts'
import { startProxy } from './proxy-process.ts'

const ROUTES = {
  client: 'header.X-Client',
  initial: { value: null },
  routes: [
    { request: 'GET /kv/{key}', f: 'read', key: 'path.key', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', key: 'path.key', value: 'json.value' },
  ],
}

/** A store over HTTP; its address. */
async function store(): Promise<string> {
  const values = new Map<string, unknown>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const key = request.url ?? ''
      if (request.method === 'PUT') values.set(key, JSON.parse(body).value)
      response.end(JSON.stringify({ value: values.get(key) ?? null }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const listenOf = async (control: string): Promise<string> =>
  ((await (await fetch(`${control}/v1/proxies`)).json()) as { readonly listen: string }[])[0]!.listen

async function recordingProxy(more: readonly string[] = []) {
  const directory = temporaryDirectory()
  const routes = join(directory, 'routes.json')
  writeFileSync(routes, JSON.stringify(ROUTES))
  const out = join(directory, 'results')
  const proxy = await startProxy(['--upstream', await store(), '--record', routes, '--out', out, ...more])
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
    'becomes a run with a record, a spec and a verdict when %s ends it',
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

  test('lists every fault that ctl injects, changes and heals, in its events and in its run.json', async () => {
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

  test('closes its ports before the last reads, so that nobody writes after them', async () => {
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

  test('can be repeated from its spec, with whatever clients connect then', async () => {
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

  test('runs the command given after --, and fails if that fails', async () => {
    const script = 'fetch("http://" + process.env.CHAOS_PROXY_N1 + "/kv/x").then(() => process.exit(7))'
    const { finished, runIn } = await recordingProxy(['--', 'node', '-e', script])
    expect((await finished).exitCode).toBe(1)
    const { spec } = JSON.parse(readFileSync(join(runIn(), 'run.json'), 'utf8'))
    expect(spec.target.traffic.command).toEqual(['node', '-e', script])
  })

  test('made with a file of proxies names the command that repeats it, since a spec does not hold all of that file', async () => {
    const directory = temporaryDirectory()
    const [routes, config] = [join(directory, 'routes.json'), join(directory, 'proxies.json')]
    writeFileSync(routes, JSON.stringify(ROUTES))
    writeFileSync(
      config,
      JSON.stringify({
        proxies: [{ name: 'kv', listen: '127.0.0.1:0', upstream: await store() }],
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
    expect(refused.stderr).toContain(`To record again: npx chaos proxy`)
    expect(refused.stderr).toContain(`--config ${config}`)
  })

  test('leaves no directory behind if it cannot begin', async () => {
    const directory = temporaryDirectory()
    const routes = join(directory, 'routes.json')
    writeFileSync(routes, JSON.stringify(ROUTES))
    const out = join(directory, 'results')
    const taken = await store()
    const words = ['proxy', '--control', '127.0.0.1:0', '--listen', taken, '--upstream', '127.0.0.1:1']
    const { exitCode } = await startChaos([...words, '--record', routes, '--out', out]).finished
    expect(exitCode).toBe(4)
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
  })
})

describe('where a recording by chaos proxy goes', () => {
  const of = (options: Parameters<typeof parseProxySettings>[0]) => {
    const { record, run } = parseProxySettings({ upstream: 'a:1', record: 'resp', ...options })
    return record === undefined ? { directory: run?.out } : { file: record.out }
  }

  test('is a directory of its own, unless a file is named or files rotate', () => {
    expect(of({})).toEqual({ directory: 'chaos-results' })
    expect(of({ out: 'results' })).toEqual({ directory: 'results' })
    expect(of({ out: 'results.d/' })).toEqual({ directory: 'results.d/' })
    expect(of({ out: temporaryDirectory() })).toHaveProperty('directory')
    expect(of({ out: 'x.jsonl' })).toEqual({ file: 'x.jsonl' })
    expect(of({ rotate: '1MB' })).toEqual({ file: 'history.jsonl' })
    expect(of({ out: 'x.jsonl', rotate: '1MB' })).toEqual({ file: 'x.jsonl' })
  })

  test.each([
    [{ out: 'results', rotate: '1MB' }, 'name the file, such as --out history.jsonl'],
    [{ out: 'x.jsonl', expect: 'linearizable' }, 'leave --out out, or check the file: chaos check x.jsonl'],
    [{ rotate: '1MB', events: 'x' }, 'leave --rotate out, or check the file: chaos check history.jsonl'],
    [{ record: undefined, expect: 'linearizable' }, 'say how to read it, with --record'],
    [{ seed: 'abc' }, '--seed abc'],
  ])('is refused with what to do instead for %o', (options, message) => {
    expect(() => of(options)).toThrow(message)
  })
})
