import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { carriageName, carriageNames } from '@chaosproxy/proxy/control'
import { describe, expect, onTestFinished } from 'vitest'
import { chaos, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { parseProxySettings } from '../../../src/proxy/use.ts'
import { until } from '../../processes.ts'
import { echoServer, startProxy, startProxyWithFiles } from '../../proxy-process.ts'

const getJson = async (url: string): Promise<ReturnType<typeof JSON.parse>> => (await fetch(url)).json()

/** A client that has received a reply through the first proxy. */
async function connected(url: string): Promise<{ client: Socket; port: number; error: () => string | undefined }> {
  const [proxy] = await getJson(`${url}/v1/proxies`)
  const port = Number(proxy.listen.split(':')[1])
  const client = connect({ host: '127.0.0.1', port })
  let error: string | undefined
  client.on('error', ({ code }: NodeJS.ErrnoException) => {
    error = code
  })
  client.write('x')
  await once(client, 'data')
  return { client, port, error: () => error }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const bound = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
  })
  const free = await bound
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}

describe('chaos proxy', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'chaos proxy prints its addresses, and ends cleanly on %s',
    async (signal) => {
      const upstream = await echoServer()
      const { url, child, finished } = await startProxy([
        '--listen',
        '127.0.0.1:0',
        '--upstream',
        upstream,
        ...['--seed', '42', '--drain', '100ms'],
      ])
      const { client, port, error } = await connected(url)
      // Without a terminal, the proxy ignores SIGHUP. Node cannot detect nohup, under which SIGHUP must be ignored.
      child.kill('SIGHUP')
      child.kill(signal)
      const { exitCode, stdout, stderr } = await finished
      if (!client.closed) await once(client, 'close')
      expect(error()).toBe('ECONNRESET')
      expect(exitCode).toBe(0)
      expect(stdout).toContain(`n1  127.0.0.1:${port} → ${upstream}`)
      expect(stdout).toContain(`${url}/v1`)
      expect(stdout).toContain('seed 42')
      expect(stderr).toContain('every port is free')
      expect(await isFree(port)).toBe(true)
    },
  )

  test('chaos proxy leaves no bound port when killed by SIGKILL, and its clients see a reset', async () => {
    const { url, child, finished } = await startProxy(['--upstream', await echoServer()])
    const { client, port, error } = await connected(url)
    await fetch(`${url}/v1/faults`, { method: 'POST', body: '{"kind":"partition","proxies":["n1"]}' })
    child.kill('SIGKILL')
    await finished
    if (!client.closed) await once(client, 'close')
    expect([undefined, 'ECONNRESET']).toContain(error())
    await until(() => isFree(port))
    expect(await isFree(Number(new URL(url).port))).toBe(true)
  })

  test('chaos proxy opens the proxies of a config file', async () => {
    const config = join(temporaryDirectory(), 'proxies.json')
    const upstream = await echoServer()
    const proxies = [
      { name: 'db', upstream, toxics: [{ type: 'latency', attributes: { latency: 5 } }] },
      { name: 'n1-n2', upstream, from: 'n1', to: 'n2', enabled: false },
    ]
    const faults = [{ kind: 'bandwidth', bytesPerSecond: 1e6, proxies: ['db'], direction: 'upstream' }]
    const partitions = { split: { groups: [['n1'], ['n2']] } }
    const rules = { faults: [{ kind: 'slow-close', delayMs: 5, links: ['n1>n2'] }] }
    writeFileSync(config, JSON.stringify({ proxies, faults, partitions, rules }))
    const { url } = await startProxy(['--config', config])
    const inForce = (await getJson(`${url}/v1/faults`)) as { name: string; links: string[] }[]
    expect(inForce.map(({ name, links }) => [name, links])).toEqual([
      ['db/latency_downstream', ['db>clients']],
      ['bandwidth-1', ['clients>db']],
      ['split', ['n1>n2', 'n2>n1']],
      ['rule-1', ['n1>n2']],
    ])
    expect(await getJson(`${url}/v1/proxies/n1-n2`)).toMatchObject({ enabled: false, from: 'n1', to: 'n2' })
  })

  test.each([
    [{ listen: '127.0.0.1:1' }, 'this address has no upstream. Give one --upstream'],
    [{ name: 'db' }, '--name db: this name has no upstream'],
    [{ upstream: ['a:1', 'a:2'], name: ['db', 'db'] }, '--name db: two proxies have this name'],
    [{ upstream: ['a:1', 'a:2'], name: ['n2'] }, '--name n2: two proxies have this name'],
    [{ control: '0.0.0.0:0' }, '--control 0.0.0.0:0 can be reached from other machines. Give a --token'],
    [
      { control: 'nowhere' },
      '--control nowhere: missing port in address. Write host:port, such as 127.0.0.1:8080; port 0',
    ],
    [{ port: 'x' }, '--port 127.0.0.1:x: invalid port "x". Write host:port'],
    [
      { listen: '1', upstream: 'a:1' },
      '--listen 1: missing port in address. Write host:port, such as 127.0.0.1:8080; port 0',
    ],
    [{ upstream: '6379' }, '--upstream 6379: missing port in address. Write host:port, such as 127.0.0.1:8080.'],
    [{ upstream: 'a:1', carries: 'smoke' }, '--carries smoke is "smoke". Known: http, http2, json-lines'],
    [{ upstream: 'a:1', carries: '{"kind"' }, '--carries {"kind" is not valid JSON'],
    [{ upstream: ['a:1', 'a:2', 'a:3'], carries: ['http', 'resp'] }, '--carries is given 2 times for 3 proxies'],
    [
      { upstream: 'a:1', carries: 'http', record: 'resp' },
      '--carries http contradicts --record resp: the recording reads resp. Leave --carries out',
    ],
    [{ control: '127.0.0.1:1', port: '1' }, 'leave --host and --port out'],
    [{ token: '' }, '--token is empty'],
    [{ record: '/no/such/routes.json' }, '--record /no/such/routes.json: there is no such file'],
    [{ model: 'register' }, 'Nothing is recorded: give --record'],
    [{ record: 'resp', rotate: '5' }, '--rotate 5 is neither a size'],
    [{ upstream: 'a:1', record: 'resp', client: 'bearer' }, '--record: "client" is "bearer". Give peer.process'],
    [
      { upstream: 'a:1', record: 'resp', initial: 'zero' },
      '--initial zero: this is not JSON. Give unknown, read, or a JSON value',
    ],
    [{ log: 'xml' }, 'there is no such format'],
    [{ time: '5' }, '--time 5 is not a duration'],
  ])('refuses %j: %s', (options, message) => {
    expect(() => parseProxySettings(options)).toThrow(message)
  })

  test('chaos proxy serves other machines only with a token or with --open', () => {
    expect(parseProxySettings({ control: '0.0.0.0:0', token: 'secret' })).toMatchObject({ token: 'secret' })
    expect(parseProxySettings({ host: '0.0.0.0', open: true })).toMatchObject({
      control: '0.0.0.0:8474',
      token: undefined,
    })
  })

  test('chaos proxy accepts --carries with parameters, for all proxies together or for each proxy', () => {
    const carriesOf = (options: Parameters<typeof parseProxySettings>[0]) =>
      parseProxySettings(options).pairs.map(({ carries }) => carries && carriageName(carries))
    const two = { upstream: ['a:1', 'a:2'] }
    expect(carriesOf({ ...two, carries: 'http' })).toEqual(['http', 'http'])
    expect(carriesOf({ ...two, carries: ['http2', '{"kind":"length-prefixed","lengthFieldLength":4}'] })).toEqual([
      'http2',
      'messages',
    ])
    expect(carriesOf({ ...two, record: 'resp' })).toEqual(['resp', 'resp'])
    expect(carriesOf(two)).toEqual([undefined, undefined])
    for (const name of carriageNames().filter((known) => known !== 'length-prefixed'))
      expect(carriesOf({ ...two, carries: name })).toHaveLength(2)
  })

  test('chaos proxy accepts --client, --initial and --model for a recorded Redis', () => {
    const recorded = (more: Parameters<typeof parseProxySettings>[0]) => {
      const { pairs, record } = parseProxySettings({ upstream: 'a:1', record: 'resp', out: 'x.jsonl', ...more })
      const [pair] = pairs
      return { ...(pair?.carries?.kind === 'spoken' ? pair.carries : {}), model: record?.model }
    }
    expect(recorded({})).toMatchObject({ client: undefined, initial: 'unknown', model: 'register' })
    expect(recorded({ client: 'peer.process', initial: 'read' })).toMatchObject({
      client: 'peer.process',
      initial: 'read',
    })
    expect(recorded({ initial: 'null' })).toMatchObject({ initial: { value: null } })
    const counters = '{"kind":"resp","commands":"counter"}'
    const { record } = parseProxySettings({ upstream: 'a:1', carries: counters, out: 'x.jsonl' })
    expect(record).toMatchObject({ model: 'counter' })
  })

  patientTest('chaos proxy does not overwrite the recording of clients or of backends without --force', async () => {
    const directory = temporaryDirectory()
    const out = join(directory, 'history.jsonl')
    const args = [
      'proxy',
      '--control',
      '127.0.0.1:0',
      '--log',
      'json',
      '--time',
      '1ms',
      '--record',
      'resp',
      '--out',
      out,
    ]
    const upstream = ['--upstream', '127.0.0.1:1']
    expect((await chaos([...args, ...upstream])).exitCode).toBe(0)
    const kept = 'what was recorded yesterday'
    for (const name of ['history.jsonl', 'history.backend.jsonl']) {
      rmSync(out, { force: true })
      rmSync(join(directory, 'history.backend.jsonl'), { force: true })
      const file = join(directory, name)
      writeFileSync(file, kept)
      const { exitCode, stderr } = await chaos([...args, ...upstream])
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 3 })
      expect(stderr).toBe(
        `--out ${file}: this would overwrite a recording. Name another file, or give --force to replace this one.\n`,
      )
      expect(readFileSync(file, 'utf8')).toBe(kept)
    }
    expect((await chaos([...args, ...upstream, '--force'])).exitCode).toBe(0)
    expect(readFileSync(out, 'utf8')).not.toContain(kept)
  })

  test.each([['history.jsonl'], ['parts', '--rotate', '1MB']])(
    'chaos proxy refuses the path %s while another process records to it, but not after that process is killed',
    async (name, ...more) => {
      const out = join(temporaryDirectory(), name)
      const args = [...['--upstream', '127.0.0.1:1', '--record', 'resp', '--out', out], ...more]
      const first = await startProxy(args)
      const again = ['proxy', '--control', '127.0.0.1:0', '--time', '1ms', ...args, '--force']
      const refused = await chaos(again)
      expect(refused).toMatchObject({
        exitCode: 3,
        stderr: `--out ${out}: process ${first.child.pid} is recording to this path. Name another path, or end that process first.\n`,
      })
      first.child.kill('SIGKILL')
      await first.finished
      expect((await chaos(again)).exitCode).toBe(0)
      expect(existsSync(`${out}.lock`)).toBe(false)
    },
  )

  test('chaos proxy exits with 3 for invalid input and with 4 for a port that is taken, and names what is wrong', async () => {
    const config = join(temporaryDirectory(), 'bad.json')
    writeFileSync(
      config,
      JSON.stringify({ proxies: [{ name: 'db', upstream: '127.0.0.1:1', toxics: [{ type: 'slicer' }] }] }),
    )
    const taken = await echoServer()
    const cases: readonly (readonly [string[], number, string])[] = [
      [['--config', config], 3, `${config}: proxies.db.toxics[0]: invalid attribute: slicer needs average_size`],
      [
        ['--control', taken],
        4,
        `The control interface cannot listen on ${taken}: the port is taken. Stop the program that listens on this port, or choose another port: --control 127.0.0.1:0`,
      ],
      [['--control', '127.0.0.1:0', '--', '/no/such/program'], 3, '/no/such/program: there is no such program'],
    ]
    const outcomes = await Promise.all(cases.map(([args]) => chaos(['proxy', ...args])))
    for (const [i, { exitCode, stderr }] of outcomes.entries()) {
      const [args, expected, message] = cases[i]!
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: expected, stderr: expect.stringContaining(message) })
    }
  })

  test("chaos proxy runs a command with its addresses, and exits with the command's exit code", async () => {
    const upstream = await echoServer()
    const script =
      'console.log(process.env.CHAOS_PROXY_URL, process.env.CHAOS_PROXY_MY_DB); process.exit(Number(process.argv[1]))'
    const beside = (code: string) =>
      chaos([
        'proxy',
        '--control',
        '127.0.0.1:0',
        '--name',
        'my-db',
        '--upstream',
        upstream,
        '--',
        'node',
        '-e',
        script,
        code,
      ])
    const [good, bad] = await Promise.all([beside('0'), beside('7')])
    expect(good.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+$/m)
    expect([good.exitCode, bad.exitCode]).toEqual([0, 1])
  })

  patientTest(
    'chaos proxy exits with 130 if its command is stopped by a signal, and with 2 if stopped by --time',
    async () => {
      const endless = ['--', 'node', '-e', 'setInterval(() => {}, 1000)']
      const signalled = await startProxy(endless)
      signalled.child.kill('SIGINT')
      const late = await chaos(['proxy', '--control', '127.0.0.1:0', '--time', '200ms', ...endless])
      expect([(await signalled.finished).exitCode, late.exitCode]).toEqual([130, 2])
    },
  )

  patientTest('records a service by its route table into files that chaos check finds linearizable', async () => {
    const values = new Map<string, string>()
    const service = createHttpServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      if (request.method === 'PUT') values.set(request.url!, body)
      response.end(values.get(request.url!))
    }).listen(0, '127.0.0.1')
    await once(service, 'listening')
    onTestFinished(() => void service.close())
    const directory = temporaryDirectory()
    const [routes, history] = [join(directory, 'routes.json'), join(directory, 'history.jsonl')]
    const table = [
      { request: 'GET /{key}', f: 'read', result: 'body' },
      { request: 'PUT /{key}', f: 'write', value: 'body' },
    ]
    writeFileSync(routes, JSON.stringify({ routes: table }))
    const upstream = `127.0.0.1:${(service.address() as AddressInfo).port}`
    const { url, child, finished } = await startProxy(['--upstream', upstream, '--record', routes, '--out', history])
    const [{ listen }] = await getJson(`${url}/v1/proxies`)
    await fetch(`${url}/v1/faults`, {
      method: 'POST',
      body: JSON.stringify({ kind: 'lose-reply', proxies: ['n1'], match: { method: 'PUT' }, when: { nth: 2 } }),
    })
    for (const value of ['1', '2', '3'])
      await fetch(`http://${listen}/k`, { method: 'PUT', body: value }).catch(() => undefined)
    expect(await (await fetch(`http://${listen}/k`)).text()).toBe('3')
    await until(async () => (await getJson(`${url}/v1/recording`)).ok === 3)
    expect(await getJson(`${url}/v1/recording`)).toMatchObject({ operations: 4, ok: 3, info: 1, fail: 0, unmatched: 0 })
    child.kill('SIGTERM')
    expect((await finished).stdout).toContain('recorded 4 operations (3 ok, 0 failed, 1 of unknown outcome)')
    expect(readFileSync(history, 'utf8')).toContain('"process":"nemesis","type":"info","f":"lose-reply"')
    const checked = await chaos([
      'check',
      history,
      join(directory, 'history.backend.jsonl'),
      '--expect',
      'linearizable',
    ])
    expect(checked).toMatchObject({ exitCode: 0 })
  })

  test('chaos proxy without free file descriptors answers its control API, counts refusals and serves open connections', async () => {
    const { url, lines, finished, child } = await startProxyWithFiles(250, ['--upstream', await echoServer()])
    const [{ listen }] = await getJson(`${url}/v1/proxies`)
    const clients = Array.from({ length: 300 }, () => {
      const [host, port] = listen.split(':')
      return connect({ host, port: Number(port) }).on('error', () => undefined)
    })
    onTestFinished(() => {
      for (const socket of clients) socket.destroy()
    })
    const troubles = () => lines.filter(({ msg }) => msg === 'accept-failed')
    await until(() => troubles().length > 0)
    expect(troubles()[0]).toMatchObject({
      level: 'warn',
      link: 'clients>n1',
      code: 'EMFILE',
      why: 'too many open files: raise the limit (ulimit -n), or let fewer clients come at once',
    })
    // Each request uses a new connection.
    const ask = (path: string) => fetch(`${url}${path}`, { headers: { connection: 'close' } })
    const turnedAway = async () => {
      const link = (await (await ask('/v1/links/clients>n1')).json()) as { readonly failedAccepts: number }
      return link.failedAccepts
    }
    await until(async () => (await turnedAway()) === 300 - (250 - 125 - 1) / 2)
    expect(await (await ask('/metrics')).text()).toContain('chaos_link_failed_accepts_total{link="clients>n1"} 238')
    expect((await fetch(`${url}/v1/reset`, { method: 'POST' })).ok).toBe(true)
    for (const socket of clients) socket.destroy()
    await until(async () => (await connected(url).catch(() => undefined)) !== undefined)
    child.kill('SIGTERM')
    expect((await finished).exitCode).toBe(0)
    // At most one line per second is logged, regardless of the number of rejected connections.
    expect(troubles().length).toBeLessThan(100)
  })

  test('chaos proxy refuses its own address as an upstream', async () => {
    const config = join(temporaryDirectory(), 'proxies.json')
    writeFileSync(config, JSON.stringify({ proxies: [{ name: 'a', upstream: '127.0.0.1:1' }] }))
    // A server occupies the port, so that no other process can take it.
    const port = Number((await echoServer()).split(':')[1])
    const { exitCode, stderr } = await chaos([
      ...['proxy', '--control', '127.0.0.1:0', '--config', config],
      ...['--listen', `0.0.0.0:${port}`, '--upstream', `localhost:${port}`],
    ])
    expect(stderr).toContain(`proxy n1: its upstream localhost:${port} is its own listen address (0.0.0.0:${port}).`)
    expect(exitCode).toBe(3)
  })

  test('chaos proxy --help prints its own help, and chaos ctl --help prints the help of chaos ctl', async () => {
    const [proxy, ctl] = await Promise.all([chaos(['proxy', '--help']), chaos(['ctl', '-h'])])
    expect([proxy.exitCode, ctl.exitCode]).toEqual([0, 0])
    expect(proxy.stdout).toMatch(/--upstream +host:port or unix:\/path to forward to/)
    expect(proxy.stdout).toContain('chaos proxy --config proxies.json -- npm test')
    expect(ctl.stdout).toMatch(/chaos ctl add KIND PROXY\|LINK… .* +inject a fault/)
  })

  test('chaos proxy accepts the flags of Toxiproxy, as Go programs write them', async () => {
    const running = startChaos([
      'proxy',
      '--toxiproxy',
      '-host=localhost',
      '-port',
      '0',
      '-seed=9',
      '-proxy-metrics',
      '--log',
      'json',
      '--time',
      '300ms',
    ])
    const { stdout, exitCode } = await running.finished
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/seed 9(?:.|\n)*http:\/\/127\.0\.0\.1:\d+\/v1, and as Toxiproxy does/)
  })
})
