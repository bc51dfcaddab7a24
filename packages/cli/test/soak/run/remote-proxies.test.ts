import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createControlClient } from '@chaosproxy/proxy/client'
import { createNetwork } from '@chaosproxy/proxy/control'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../../../proxy/src/tls/authority.ts'
import { someonesCluster } from '../../../../targets/test/cluster/running.ts'
import { bin, root, startChaos, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { until } from '../../processes.ts'
import { startProxy } from '../../proxy-process.ts'

const TOKEN = 'a-token-that-nobody-should-see'
const env = { CHAOS_TOKEN: TOKEN }
const LEASE_MS = 3_000
const words = { host: 'host', token: 'token', authorities: 'ca' }

/** Issues certificates that are also valid for loopback. */
const authority = createAuthority()

/** Writes a host's files: its certificate, and the proxies in front of its node. */
function hostFiles(directory: string, name: string, proxies: readonly object[], names: readonly [string, ...string[]]) {
  const files = join(directory, name)
  mkdirSync(files)
  const { certificate, key } = authority.issue(names)
  writeFileSync(join(files, 'cert.pem'), certificate)
  writeFileSync(join(files, 'key.pem'), key)
  writeFileSync(join(files, 'proxies.json'), JSON.stringify({ proxies }))
  const tls = ['--control-cert', join(files, 'cert.pem'), '--control-key', join(files, 'key.pem')]
  return ['--config', join(files, 'proxies.json'), '--token', 'env:CHAOS_TOKEN', ...tls]
}

/**
 * Three nodes on two hosts. The control interface of n1's host is behind a separate proxy, with which a test can cut
 * the interface off.
 */
async function twoHosts() {
  const directory = temporaryDirectory()
  const theirs = await someonesCluster({ directory })
  onTestFinished(() => theirs.end())
  const { links = [], faults: _, ...declaration } = theirs.declaration
  const nameOf = ({ from, to }: { from: string; to: string }) => `${from}-to-${to}`
  const [a, b] = [links.filter(({ from }) => from === 'n1'), links.filter(({ from }) => from !== 'n1')]
  const open = (name: string, some: typeof links) =>
    startProxy(
      hostFiles(
        directory,
        name,
        some.map((link) => ({ ...link, name: nameOf(link), reach: undefined, upstream: link.reach })),
        ['localhost', '127.0.0.1'],
      ),
      { env },
    )
  const hosts = [await open('a', a), await open('b', b)] as const
  const between = createNetwork({ seed: 1 })
  onTestFinished(() => between.close())
  const way = await between.route({
    ...{ from: 'run', to: 'host', listen: { host: '127.0.0.1', port: 0 } },
    upstream: { host: '127.0.0.1', port: Number(new URL(hosts[0].url).port) },
  })
  writeFileSync(join(directory, 'ca.pem'), authority.certificate)
  const proxiesAt = (control: string, some: typeof links) => ({
    ...{ control, token: 'env:CHAOS_TOKEN', ca: './ca.pem', leaseMs: LEASE_MS },
    proxies: Object.fromEntries(some.map((link) => [nameOf(link), { from: link.from, to: link.to }])),
  })
  const proxies = [proxiesAt(`https://127.0.0.1:${way.port}`, a), proxiesAt(hosts[1].url, b)]
  const write = (changed: object) =>
    writeFileSync(join(directory, 'kv.json'), JSON.stringify({ ...declaration, proxies, ...changed }))
  write({})
  const faultsAt = async (url: string) =>
    (await createControlClient({ host: url, token: TOKEN, authorities: authority.certificate, words }).get(
      '/v1/faults',
    )) as readonly { kind: string; lease?: string }[]
  return {
    directory,
    hosts,
    proxies,
    write,
    faults: async () => (await Promise.all(hosts.map(({ url }) => faultsAt(url)))).flat(),
    isHurtAtEach: async () =>
      (await Promise.all(hosts.map(({ url }) => faultsAt(url)))).every(({ length }) => length > 0),
    cutOff() {
      const ends = { there: { from: 'run', to: 'host' }, back: { from: 'host', to: 'run' } }
      const cut = between.apply({ kind: 'partition', mode: 'drop', links: [ends.there, ends.back] })
      return () => cut.remove()
    },
    run: (...rest: string[]) =>
      startChaos(
        ['run', '--target', './kv.json', '--rate', '100', '--clients', '4', '--keys', '3', '--seed', '3', ...rest],
        { cwd: directory, env },
      ),
  }
}

const schedule = (directory: string, fromMs: number, toMs: number) => {
  const fault = { fromMs, toMs, kind: 'partition', links: 'isolate-leader', mode: 'hold' }
  writeFileSync(join(directory, 'faults.json'), JSON.stringify([fault]))
  return ['--faults', './faults.json']
}

/** Returns the `run.json` of the only run. */
const runIn = (directory: string) => {
  const results = join(directory, 'chaos-results')
  const [name] = readdirSync(results).filter((each) => each !== 'latest')
  const { result, ...run } = JSON.parse(readFileSync(join(results, name!, 'run.json'), 'utf8'))
  return { ...run, levels: (result ?? run).levels }
}

/** Returns all command lines that users of this machine can see, and all files of the run. */
const seenOf = (directory: string): string => {
  const processes = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : []
    } catch {
      return []
    }
  })
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  return [...processes, ...files].join('\n')
}

describe('a run with fault-injecting proxies on other hosts', () => {
  test('a run reports the faults of proxies on other hosts, and does not reveal the token of the proxies', async () => {
    const { directory, run, faults, hosts } = await twoHosts()
    const { finished } = run('--time', '6s', ...schedule(directory, 1_000, 4_000), '--expect', 'linearizable')
    await until(async () => (await faults()).length > 0)
    const during = seenOf(directory)
    const { exitCode, stdout, stderr } = await finished
    expect(stdout, stderr).toContain('expected linearizable, found linearizable')
    expect(stdout).toContain('1 of 1 partition')
    expect(exitCode).toBe(0)
    expect(runIn(directory).faults[0].hits).toBeGreaterThan(0)
    expect(await faults()).toEqual([])
    const logs = hosts.map(({ lines }) => JSON.stringify(lines))
    for (const text of [during, seenOf(directory), stdout, stderr, ...logs]) expect(text).not.toContain(TOKEN)
  })

  test('a killed run leaves no fault behind in the proxies on other hosts', async () => {
    const { directory, run, faults, isHurtAtEach, hosts } = await twoHosts()
    const { child } = run('--time', '60s', ...schedule(directory, 500, 59_000))
    await until(isHurtAtEach)
    child.kill('SIGKILL')
    await until(async () => (await faults()).length === 0)
    // A proxy's log line may arrive later than its reply to `faults`.
    await until(async () => hosts.every(({ lines }) => lines.some(({ msg }) => msg === 'lease-expired')))
  })

  test('if a run loses contact with a proxy for good, it reports a fault as possibly unhealed and no read as final', async () => {
    const { directory, run, faults, isHurtAtEach, cutOff } = await twoHosts()
    const { finished } = run('--time', '5s', ...schedule(directory, 500, 4_500))
    await until(isHurtAtEach)
    cutOff()
    const { exitCode, stdout } = await finished
    expect(exitCode).toBe(4)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('is not known to have been healed before the last reads')
    const { faults: records, levels, trouble } = runIn(directory)
    expect(records[0].inDoubt).toEqual({ why: expect.stringContaining('contact with the proxy at 127.0.0.1:') })
    expect(records[0].to).toBeLessThan(4_000 * 1e6)
    expect(trouble[0]).toContain('Whether the fault was still in force after')
    expect(levels.eventual).toMatchObject({ result: 'unknown' })
    expect(levels.convergent).toMatchObject({ result: 'unknown' })
    expect(levels.linearizable.result).not.toBe('violated')
    await until(async () => (await faults()).length === 0)
  })

  test(`if a run regains a proxy, it reports how long a fault's state was unknown, and the level "eventual" is met`, async () => {
    const { directory, run, faults, isHurtAtEach, cutOff } = await twoHosts()
    const { finished } = run('--time', '13s', ...schedule(directory, 500, 12_000))
    await until(isHurtAtEach)
    const restore = cutOff()
    await until(async () => (await faults()).length < 2)
    restore()
    const { exitCode } = await finished
    expect(exitCode).toBe(4)
    const { faults: records, levels, phases } = runIn(directory)
    expect(records[0].inDoubt).toMatchObject({ why: expect.stringContaining('its lease'), until: expect.any(Number) })
    expect(records[0].inDoubt.until).toBeGreaterThan(records[0].to)
    expect(phases.map(({ phase }: { phase: string }) => phase)).toContain('partition?')
    expect(levels.eventual).toMatchObject({ result: 'met' })
  })

  test('a run is refused with a reason if the token or the certificate of a proxy is wrong', async () => {
    const { directory, run, proxies, write } = await twoHosts()
    const said = async (change: object) => {
      write({ proxies: [proxies[0], { ...proxies[1], ...change }] })
      const { exitCode, stderr } = await run('--time', '1s', '--faults', 'partition').finished
      expect(exitCode).not.toBe(0)
      expect(stderr).not.toContain(TOKEN)
      return stderr.replaceAll(/\s+/g, ' ')
    }
    const named = proxies[1]!.control.replace('127.0.0.1', '127.0.0.2')
    writeFileSync(join(directory, 'other.pem'), createAuthority().certificate)
    expect(await said({ token: undefined })).toContain('The proxy asks for a token (HTTP 401)')
    expect(await said({ token: 'env:HOME' })).toContain('The proxy refuses the token (HTTP 401)')
    expect(await said({ ca: './other.pem' })).toContain('is not trusted')
    expect(await said({ control: named })).toMatch(/No proxy answers|is not for the name 127\.0\.0\.2/)
  })
})

// Network namespaces need root and iproute2. Without them these tests are skipped, with the reason in their names.
const hasNamespaces = (() => {
  try {
    execFileSync('ip', ['netns', 'add', `chaos-probe-${process.pid}`], { stdio: 'ignore' })
    execFileSync('ip', ['netns', 'del', `chaos-probe-${process.pid}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

const kvServer = join(root, 'packages', 'testing', 'src', 'containers', 'kv-server.mjs')

/** Makes the name of each namespace unique, because the content of an old namespace is removed with a delay. */
let worlds = 0

/** Two hosts, each with its own network, a node and a proxy. Virtual cables connect them to this host. */
async function namespaces() {
  const directory = temporaryDirectory()
  const id = `${process.pid % 10_000}${worlds++}`
  const subnet = 20 + (Number(id) % 200)
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })
  const hosts = [1, 2].map((number) => ({
    ...{ number, node: `n${number}`, namespace: `chaos-${id}-${number}`, cable: `ch${id}-${number}` },
    here: `10.${subnet}.${number}.1`,
    there: `10.${subnet}.${number}.2`,
  }))
  const [first, second] = hosts as [(typeof hosts)[number], (typeof hosts)[number]]
  for (const { namespace, cable, here, there } of hosts) {
    ip('netns', 'add', namespace)
    onTestFinished(() => void ip('netns', 'del', namespace))
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    ip('addr', 'add', `${here}/24`, 'dev', cable)
    ip('link', 'set', cable, 'up')
    for (const args of [
      ['addr', 'add', `${there}/24`, 'dev', 'eth0'],
      ['link', 'set', 'eth0', 'up'],
      ['link', 'set', 'lo', 'up'],
    ])
      ip('-n', namespace, ...args)
  }
  // The hosts are also connected directly. The run's partitions do not affect this link.
  ip('link', 'add', 'peer', 'netns', first.namespace, 'type', 'veth', 'peer', 'name', 'peer', 'netns', second.namespace)
  for (const { namespace, number } of hosts) {
    ip('-n', namespace, 'addr', 'add', `10.${subnet}.9.${number}/24`, 'dev', 'peer')
    ip('-n', namespace, 'link', 'set', 'peer', 'up')
  }
  for (const { node, number, namespace, there } of hosts) {
    const other = 3 - number
    const inside = (words: readonly string[]) =>
      startProcess('ip', ['netns', 'exec', namespace, process.execPath, ...words], { env })
    const data = join(directory, `${node}-data`)
    mkdirSync(data)
    inside([
      ...[kvServer, '--name', node, '--data', data, '--listen', `${there}:7000`],
      ...['--peer', `10.${subnet}.9.${number}:7001`, '--peers', `n${other}=127.0.0.1:7002`],
    ])
    const proxy = {
      ...{ name: 'out', from: node, to: `n${other}` },
      ...{ listen: '127.0.0.1:7002', upstream: `10.${subnet}.9.${other}:7001` },
    }
    const files = hostFiles(directory, node, [proxy], [there])
    inside([bin, 'proxy', '--control', `${there}:8474`, '--log', 'json', ...files])
  }
  writeFileSync(join(directory, 'ca.pem'), authority.certificate)
  const declaration = {
    nodes: hosts.map(({ there }) => ({ addresses: { client: `${there}:7000` } })),
    ready: { by: 'http', path: '/health' },
    role: { by: 'http', path: '/role', leads: 'primary' },
    client: {
      kind: 'http',
      routes: {
        routes: [
          { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
          { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
        ],
      },
    },
    proxies: hosts.map(({ there, node, number }) => ({
      ...{ control: `https://${there}:8474`, token: 'env:CHAOS_TOKEN', ca: './ca.pem', leaseMs: LEASE_MS },
      proxies: { out: { from: node, to: `n${3 - number}` } },
    })),
  }
  writeFileSync(join(directory, 'kv.json'), JSON.stringify(declaration))
  const clients = hosts.map(({ there }) =>
    createControlClient({
      host: `https://${there}:8474`,
      ...{ token: TOKEN, authorities: authority.certificate, words },
    }),
  )
  await until(async () => {
    const answers = await Promise.allSettled(clients.map((client) => client.get('/v1/proxies')))
    return answers.every(({ status }) => status === 'fulfilled')
  })
  return {
    directory,
    faults: async () => (await Promise.all(clients.map((client) => client.get('/v1/faults')))).flat(),
    /** Pulls the virtual cable between this host and the second host. */
    pull: () => ip('link', 'set', second.cable, 'down'),
    plug: () => ip('link', 'set', second.cable, 'up'),
    run: (...rest: string[]) =>
      startChaos(
        ['run', '--target', './kv.json', '--rate', '50', '--clients', '4', '--keys', '2', '--seed', '3', ...rest],
        { cwd: directory, env },
      ),
  }
}

describe.skipIf(!hasNamespaces)('a run on two hosts with separate networks', () => {
  test('a run partitions nodes on two hosts through the proxies on both hosts', async () => {
    const { directory, run, faults } = await namespaces()
    const { exitCode, stdout, stderr } = await run(
      ...['--time', '6s', ...schedule(directory, 1_000, 4_000)],
      ...['--expect', 'linearizable'],
    ).finished
    expect(stdout, stderr).toContain('1 of 1 partition')
    expect(exitCode, stdout).toBe(0)
    expect(await faults()).toEqual([])
  })

  test('a run reports a fault on an unplugged host as possibly unhealed, and the proxy on that host heals it', async () => {
    const { directory, run, faults, pull, plug } = await namespaces()
    const { finished } = run('--time', '5s', ...schedule(directory, 500, 4_500))
    await until(async () => (await faults()).length > 1)
    pull()
    const { exitCode } = await finished
    expect([1, 4]).toContain(exitCode)
    const { faults: records, levels } = runIn(directory)
    expect(records[0].inDoubt).toEqual({ why: expect.stringContaining('contact with the proxy at 10.') })
    expect(levels.eventual).toMatchObject({ result: 'unknown' })
    expect(levels.linearizable.result).not.toBe('violated')
    plug()
    expect(await faults()).toEqual([])
  })
})
