import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { endianness, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { cleanUp, dial, eventually, hold, network, Received, serve } from '../../../testing/src/sockets.ts'
import { parsePeers, pidIn } from '../../src/peer/parse-peers.ts'
import type { PeerFinder } from '../../src/peer/peers.ts'
import { findBySocketOwner, findInode } from '../../src/peer/socket-owner.ts'

const onLinux = process.platform === 'linux'
/** A process number that Linux never assigns, because it is too high. */
const NOBODY = 2 ** 22 + 1
const WHY_SKIPPED = 'needs Linux: only its /proc tells who owns a socket'

/** Starts a process that dials and sends its name. If `throughChild`, it starts a child process that does this. */
function startDialler(name: string, port: number, host: string, throughChild: boolean): ChildProcess {
  const say = `const s = require('node:net').connect(${port}, ${JSON.stringify(host)}); s.write(${JSON.stringify(name)}); s.on('error', () => {}); setInterval(() => {}, 1000)`
  const script = throughChild
    ? `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(say)}]); setInterval(() => {}, 1000)`
    : say
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore', detached: true })
  cleanUp(async () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await once(child, 'exit')
  })
  return child
}

/** A route that several processes dial. `heard` lists what each of them sent. */
async function meetingPoint(peers: PeerFinder, host = '127.0.0.1') {
  const heard: string[] = []
  const server = await serve((socket) => socket.on('data', (bytes: Buffer) => void heard.push(String(bytes))))
  const made = network()
  const route = await made.route({ from: 'clients', to: 'n3', upstream: server, listen: { host }, peers })
  return { network: made, route, heard }
}

const silent: PeerFinder = { by: 'nothing', find: async () => undefined }

describe('a client of a shared listener', () => {
  test('a client is identified by the process of its socket, and only its own faults affect it', async (context) => {
    if (!onLinux) return context.skip(WHY_SKIPPED)
    const pids = new Map<string, number>()
    const { network, route, heard } = await meetingPoint(findBySocketOwner(() => pids))
    const cut = network.apply(hold([{ from: 'n1', to: 'n3' }]))
    for (const name of ['n1', 'n2']) pids.set(name, startDialler(name, route.port, route.host, name === 'n2').pid ?? 0)
    await eventually(() => route.identification.known === 2 && heard.length === 1)
    expect(heard).toEqual(['n2'])
    expect(route.identification).toEqual({ by: 'socket owner', known: 2, unknown: 0 })
    const connections = (link: string) => network.statistics().get(link)?.liveConnections
    expect([connections('n1>n3'), connections('n3>n2'), connections('clients>n3')]).toEqual([1, 1, 0])
    cut.remove()
    await eventually(() => heard.length === 2)
    expect(heard).toEqual(['n2', 'n1'])
  })

  test('a client is identified over IPv4 at a listener for both address families', async (context) => {
    if (!onLinux) return context.skip(WHY_SKIPPED)
    const { network, route } = await meetingPoint(
      findBySocketOwner(() => new Map([['n1', process.pid]])),
      '::',
    )
    const client = new Received(await dial({ host: '127.0.0.1', port: route.port }))
    await eventually(() => route.identification.known === 1)
    expect(network.statistics().get('n1>n3')?.connections).toBe(1)
    client.socket.end()
  })

  test('at a shared listener, a client whose process is not found counts as unknown, and uses the link from "clients"', async () => {
    const { network, route, heard } = await meetingPoint(silent)
    ;(await dial(route)).write('who?')
    await eventually(() => heard.length === 1)
    expect(route.identification).toEqual({ by: 'nothing', known: 0, unknown: 1 })
    expect(network.statistics().get('clients>n3')?.connections).toBe(1)
  })

  test('no connection stays open if a client leaves, or its route closes, before the client is identified', async () => {
    const found: (() => void)[] = []
    const slow: PeerFinder = { by: 'slowly', find: () => new Promise((resolve) => found.push(() => resolve('n1'))) }
    const { network, route } = await meetingPoint(slow)
    const gone = await dial(route)
    await eventually(() => found.length === 1)
    gone.resetAndDestroy()
    await once(gone, 'close')
    found[0]?.()
    const waiting = new Received(await dial(route))
    await eventually(() => found.length === 2)
    await route.close()
    await waiting.until(({ closed }) => closed)
    found[1]?.()
    expect([waiting.error, route.liveConnections]).toEqual(['ECONNRESET', 0])
    expect(network.statistics().get('n1>n3')?.liveConnections ?? 0).toBe(0)
  })
})

test('a route from one endpoint reports that it identifies clients by "own address"', async () => {
  const route = await network().route({ from: 'n1', to: 'n2' })
  expect(route.identification).toEqual({ by: 'own address', known: 0, unknown: 0 })
})

describe('the table of sockets', () => {
  const v4 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0000
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0000
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0000
`
  const v6 = `  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 444 1
   1: 00000000000000000000000001000000:C352 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000     0        0 555 1
`
  test.each([
    [v4, '127.0.0.1', 50000, '127.0.0.1', 8080, '222'],
    [v4, '::ffff:127.0.0.1', 50000, '::ffff:127.0.0.1', 8080, '222'],
    [v4, '127.0.0.1', 8080, '127.0.0.1', 50000, '333'],
    [v4, '127.0.0.2', 50000, '127.0.0.1', 8080, undefined],
    [v4, '127.0.0.1', 50001, '127.0.0.1', 8080, undefined],
    [v6, '127.0.0.1', 50001, '::ffff:127.0.0.1', 8080, '444'],
    [v6, '::1', 50002, '::1', 8080, '555'],
    ['', '::1', 1, '::1', 2, undefined],
  ])(
    'the socket table finds a socket by the addresses of both ends, in IPv4 or IPv6 notation (case %#)',
    (table, host, port, remoteHost, remotePort, inode) => {
      // The addresses in `v4` and `v6` are written as on a little-endian machine.
      const written = endianness() === 'LE' ? inode : undefined
      expect(findInode(table, { host, port }, { host: remoteHost, port: remotePort })).toBe(written)
    },
  )
})

describe('the processes of a peer', () => {
  test('the processes of a peer are given as numbers, or as pid files that are read again for each connection', async (context) => {
    if (!onLinux) return context.skip(WHY_SKIPPED)
    const file = join(mkdtempSync(join(tmpdir(), 'chaos-peers-')), 'n2.pid')
    cleanUp(() => rmSync(dirname(file), { recursive: true }))
    const { route, network } = await meetingPoint(parsePeers({ n1: NOBODY, n2: file }, 'x', 'allowed'))
    const first = await dial(route)
    await eventually(() => route.identification.unknown === 1)
    writeFileSync(file, `${process.pid}\n`)
    const second = await dial(route)
    await eventually(() => route.identification.known === 1)
    expect(network.statistics().get('n2>n3')?.connections).toBe(1)
    for (const socket of [first, second]) socket.end()
  })

  test.each([
    [[], 'x: [] is not an object'],
    [{}, 'x: give a process for each name, as in {"n1":4711}.'],
    [{ n1: 0 }, 'x: "n1" is 0. Give a process id, or the name of a file that holds one.'],
    [{ n1: 1.5 }, '"n1" is 1.5.'],
    [{ n1: '' }, '"n1" is "".'],
    [{ n1: null }, '"n1" is null.'],
  ])('the processes %j of a peer are refused with advice', (value, message) => {
    expect(() => parsePeers(value, 'x', 'allowed')).toThrow(UserError)
    expect(() => parsePeers(value, 'x', 'allowed')).toThrow(message)
  })
})

test.each([
  ['4711', 4711],
  [' 4711\n', 4711],
  ['4711'.padEnd(32), 4711],
  ['4711'.padEnd(33), undefined],
  ['1', 1],
  ['0', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['4711 4712', undefined],
  ['', undefined],
])('a pid file that contains %j names the process %s', async (content, pid) => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-pid-'))
  cleanUp(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'n1.pid')
  writeFileSync(file, content)
  expect(await pidIn(file)).toBe(pid)
  expect([await pidIn(directory), await pidIn(join(directory, 'absent'))]).toEqual([undefined, undefined])
})

test('no process is found for a client that has closed its socket', async (context) => {
  if (!onLinux) return context.skip(WHY_SKIPPED)
  const finder = findBySocketOwner(() => new Map([['n1', process.pid]]))
  expect(await finder.find({ host: '', port: 0 }, { host: '127.0.0.1', port: 1 })).toBe(undefined)
})

test('on platforms other than Linux, identifying peers by process is refused with advice', () => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' })
  try {
    expect(() => findBySocketOwner(() => new Map())).toThrow(UserError)
    expect(() => findBySocketOwner(() => new Map())).toThrow('this is darwin. Give each link its own address')
  } finally {
    if (platform !== undefined) Object.defineProperty(process, 'platform', platform)
  }
})
