import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createControlClient } from '@chaosproxy/proxy/client'
import { createControlPlane, createNetwork, startControl } from '@chaosproxy/proxy/control'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { actions } from '../../../src/proxy/actions.ts'
import { readFaultWords } from '../../../src/proxy/fault-words.ts'
import { renderKinds } from '../../../src/proxy/tables.ts'
import { styleFor } from '../../../src/terminal/style.ts'
import { until } from '../../processes.ts'

const style = styleFor({ isTTY: false })
const words = { host: '--host', token: '--token', authorities: '--ca FILE' }

/** Returns a function that runs `chaos ctl` against a separate control interface with a proxy named db. */
async function ctl(options: { token?: string } = {}) {
  const network = createNetwork({ seed: 1 })
  const plane = createControlPlane({ network, seed: 1 })
  const server = await startControl(plane, { listen: '127.0.0.1:0', version: 'test', ...options })
  onTestFinished(async () => {
    plane.close()
    await server.close()
    await network.close()
  })
  await plane.addProxy({ name: 'db', listen: '127.0.0.1:0', upstream: '127.0.0.1:1', enabled: true })
  const client = createControlClient({ host: `127.0.0.1:${server.port}`, token: options.token, words })
  const run = async (line: string, more: { name?: string; direction?: string; lease?: string } = {}) => {
    const [word, ...words] = line.split(' ')
    const action = actions.find(({ names }) => names.includes(word!))!
    return action.run({ client, words, style, name: more.name, direction: more.direction, lease: more.lease })
  }
  return {
    run,
    plane,
    client,
    url: `http://127.0.0.1:${server.port}`,
    text: async (line: string) => (await run(line)).text,
  }
}

describe('chaos ctl', () => {
  test('chaos ctl lists, inspects, toggles, opens and closes proxies', async () => {
    const { text, plane } = await ctl()
    expect(await text('create cache 127.0.0.1:0 127.0.0.1:2')).toMatch(/cache: 127\.0\.0\.1:\d+ → 127\.0\.0\.1:2/)
    expect(await text('list')).toMatch(/cache .*127\.0\.0\.1:2 .*enabled .*0 .*-\n {2}db /)
    expect(await text('toggle db')).toBe('  db: disabled\n')
    expect(await text('inspect db')).toMatch(
      /db {2}127.* → 127\.0\.0\.1:1 {2}disabled\n(?:.|\n)*clients>db +0 B(?:.|\n)*no faults/,
    )
    expect(await text('toggle db')).toBe('  db: enabled\n')
    expect(await text('delete cache')).toBe('  cache: closed\n')
    expect(plane.proxies.list().map(({ name }) => name)).toEqual(['db'])
  })

  test('chaos ctl adds, changes and removes faults', async () => {
    const { run, text, plane } = await ctl()
    const added = await run('add latency db latencyMs=1.5s jitterMs=10 when.probability=25%', {
      name: 'slow',
      direction: 'upstream',
    })
    expect(added.text).toBe('  latency on clients>db: in force as slow\n')
    expect(await text('add bandwidth db>clients bytesPerSecond=64KB/s')).toContain('in force as bandwidth-1')
    expect(await text('change slow latencyMs=20 first=3')).toBe('  slow: changed\n')
    expect(plane.faults.get('slow').fault).toMatchObject({
      latencyMs: 20,
      jitterMs: 10,
      when: { probability: 0.25, first: 3 },
    })
    expect(await text('faults')).toMatch(
      /slow +latency +clients>db +0 +api +latencyMs=20 .*\n.*bandwidth-1 .*bytesPerSecond=64000/,
    )
    expect(await text('remove slow bandwidth-1')).toBe('  healed: slow bandwidth-1\n')
    expect(await text('faults')).toBe('  no faults\n')
    expect(await text('add reset db')).toContain('0 connections reset')
  })

  test('chaos ctl cuts links and heals them', async () => {
    const { text, plane } = await ctl()
    expect(await text('partition split clients db')).toContain('split: 2 links cut')
    expect(plane.faults.get('split').fault.kind).toBe('partition')
    expect(await text('remove split')).toBe('  healed: split\n')
    await text('partition split clients db')
    expect(await text('reset')).toContain('no faults')
    expect(plane.faults.list()).toEqual([])
  })

  test('chaos ctl replaces all rules by the rules in a file, and prints the rules', async () => {
    const { text, plane } = await ctl()
    const directory = mkdtempSync(join(tmpdir(), 'chaos-ctl-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'rules.json')
    const swap = async (faults: readonly object[]) => {
      writeFileSync(file, JSON.stringify({ faults }))
      return text(`swap ${file}`)
    }
    expect(await text('rules')).toBe('  no faults\n')
    const both = [
      { kind: 'latency', name: 'slow', latencyMs: 5, proxies: ['db'] },
      { kind: 'refuse', links: ['clients>db'] },
    ]
    expect(await swap(both)).toMatch(/^ {2}in force, as of epoch 1:\n.*\n {2}slow +latency .*\n {2}rule-2 +refuse /)
    expect(await text('rules')).toMatch(/slow .* rules .*\n.*rule-2/)
    await expect(swap([{ kind: 'latency', links: ['clients>db'] }])).rejects.toThrow('needs "latencyMs"')
    expect(plane.faults.list()).toHaveLength(2)
    expect(await swap([])).toBe('  in force, as of epoch 2:\n  no faults\n')
    expect(plane.faults.list()).toEqual([])
  })

  test('chaos ctl starts, renews and ends leases, and the end of a lease heals its faults', async () => {
    const { run, text, plane } = await ctl()
    expect(await text('leases')).toBe('  no leases\n')
    const { data } = await run('lease me 60s')
    const { id } = data as { id: string }
    await run('add latency db latencyMs=5', { name: 'leased', lease: id })
    expect(await text('leases')).toMatch(new RegExp(`${id} +me +\\S+ s of 60 s +leased`))
    expect(await text(`renew ${id}`)).toBe(`  ${id}: lasts 60 s from now\n`)
    expect(await text(`end ${id}`)).toBe(`  ${id}: ended, its faults are healed\n`)
    expect(plane.faults.list()).toEqual([])
    await expect(text(`renew ${id}`)).rejects.toThrow('it may have expired')
  })

  test.each([
    ['swap', 'chaos ctl swap needs one file: chaos ctl swap FILE'],
    ['swap /no/such/file', 'chaos ctl swap /no/such/file: there is no such file'],
    ['lease', 'Name the owner of the lease'],
    ['lease me soon', 'soon'],
    ['renew', 'Name the lease'],
    ['inspect bd', 'There is no proxy "bd". Did you mean db? Known: db.'],
    ['inspect', 'Name the proxy. Known: db.'],
    ['add latencey db', 'There is no fault "latencey". Did you mean latency? chaos ctl kinds lists all faults.'],
    ['add latency db latencyMS=5', 'latency has no parameter "latencyMS". Did you mean latencyMs?'],
    ['add latency db', 'latency needs "latencyMs" of milliseconds'],
    ['add latency', 'Name the proxy or link that the fault hits: chaos ctl add latency PROXY'],
    ['add latency db latencyMs=fast', '--latencyMs fast is not a duration'],
    ['add latency db latencyMs=-5', 'The proxy refuses the request (HTTP 400): fault: latency: "latencyMs" is -5'],
    ['add latency db db>clients latencyMs=5', 'name proxies or links, not both'],
    ['add latency clients>bd latencyMs=5', 'no proxy carries the link clients>bd. Known: clients>db, db>clients'],
    ['add drop-message db', 'this fault needs a proxy that parses the traffic of the link'],
    ['add corrupt db probability=x', 'probability must be a number, not x'],
    ['remove slow', 'There is no fault "slow". None is in force.'],
    ['change slow a=1', 'There is no fault "slow". None is in force.'],
    ['partition split db', 'A partition needs a name, and two groups or more'],
    ['create x', 'chaos ctl create NAME LISTEN UPSTREAM'],
    ['create db 127.0.0.1:0 127.0.0.1:1', 'The proxy refuses the request (HTTP 409): proxy already exists'],
  ])('refuses %s: %s', async (line, message) => {
    const { run } = await ctl()
    await expect(run(line)).rejects.toThrow(message)
  })

  test('chaos ctl needs the token if the proxy requires one', async () => {
    const { text, url } = await ctl({ token: 'secret' })
    expect(await text('list')).toContain('db')
    const stranger = createControlClient({ host: url, token: undefined, words })
    await expect(stranger.get('/v1/proxies')).rejects.toThrow('The proxy asks for a token (HTTP 401)')
  })

  test('chaos ctl prints events until it is stopped', async () => {
    const { run, client, plane } = await ctl()
    const seen: string[] = []
    let stop = () => {}
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    const listening = client.events((event) => {
      const { type } = event as { type: string }
      seen.push(type)
      if (type === 'fault-removed') stop()
    }, stopped)
    await until(() => plane.events.subscribers === 1)
    await run('add latency db latencyMs=1', { name: 'f' })
    await run('remove f')
    await listening
    expect(seen).toEqual(['fault-added', 'fault-removed'])
  })

  test('chaos ctl lists every kind of fault with its parameters', () => {
    const text = renderKinds(style)
    expect(text).toMatch(/^ {2}latency +delay bytes, keeping their order$/m)
    expect(text).toMatch(/^ {4}jitterMs +jitter: ± this much \(ms\) \[0\]$/m)
    expect(text).toContain('(uniform, normal, pareto')
    for (const kind of ['lose-reply', 'drop-message', 'drop-datagram', 'slow-connect'])
      expect(text).toContain(`  ${kind} `)
  })

  test('chaos ctl sets a parameter of a fault, or of its trigger if the parameter has the prefix "when."', () => {
    expect(readFaultWords(['corrupt', 'db', 'probability=0.5', 'when.probability=0.1'])).toEqual({
      kind: 'corrupt',
      proxies: ['db'],
      probability: 0.5,
      when: { probability: 0.1 },
    })
  })

  test('chaos ctl reports an address that is malformed or does not answer', async () => {
    await expect(
      createControlClient({ host: '127.0.0.1:1', token: undefined, words }).get('/v1/proxies'),
    ).rejects.toThrow('No proxy answers at 127.0.0.1:1. Nothing listens there. Start one')
    for (const host of ['http://', '[', 'ftp://127.0.0.1'])
      expect(() => createControlClient({ host, token: undefined, words })).toThrow(`--host ${host} is not an address`)
  })

  test('chaos ctl prints JSON on request, and suggests an action for a misspelt name', async () => {
    const { url } = await ctl()
    const [good, bad] = await Promise.all([
      chaos(['ctl', 'list', '--json'], { env: { CHAOS_PROXY_URL: url } }),
      chaos(['ctl', 'lst', '--host', url]),
    ])
    expect(JSON.parse(good.stdout)).toMatchObject([{ name: 'db', upstream: '127.0.0.1:1', liveConnections: 0 }])
    expect(bad).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/has no action "lst"\. Did you mean list\? Its actions: list, inspect/),
    })
  })
})
