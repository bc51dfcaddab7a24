import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { dial, echo, Received, serve, startDialling } from '../../../../testing/src/sockets.ts'
import { control } from '../../control/control-plane.ts'

// These tests check, through Toxiproxy's HTTP interface, what its proxy_test.go, toxics tests and link_test.go claim.
/** A server that keeps what it receives, ends its stream when its client does, and sends nothing by itself. */
async function sink() {
  const accepted: Received[] = []
  const server = await serve((socket) => {
    accepted.push(new Received(socket))
    socket.on('end', () => socket.end())
  })
  return { server, accepted }
}

async function proxied(upstream: { host: string; port: number }, options: { seed?: number } = {}) {
  const asked = await control(options)
  const body = { name: 'p', listen: '127.0.0.1:0', upstream: `${upstream.host}:${upstream.port}` }
  const { json } = await asked.ask('POST', '/proxies', body)
  const addressOf = (listen: string) => ({ host: '127.0.0.1', port: Number(listen.split(':')[1]) })
  return {
    ...asked,
    listen: json.listen as string,
    address: addressOf(json.listen),
    addressOf,
    connect: () => dial(addressOf(json.listen)),
    async toxic(type: string, attributes: object = {}, more: object = {}) {
      const answer = await asked.ask('POST', '/proxies/p/toxics', { type, attributes, ...more })
      expect(answer).toMatchObject({ status: 200 })
      return answer.json.name as string
    },
    update: (name: string, body: object) => asked.ask('PATCH', `/proxies/p/toxics/${name}`, body),
    remove: (name: string) => asked.ask('DELETE', `/proxies/p/toxics/${name}`),
  }
}

/** Returns the time in milliseconds until this many more bytes have arrived. */
async function timeOf(received: Received, bytes: number, act: () => void): Promise<number> {
  const start = performance.now()
  const wanted = received.length + bytes
  act()
  await received.until(({ length }) => length >= wanted)
  return performance.now() - start
}

async function finished(received: Received): Promise<Received> {
  return received.until(({ ended, closed }) => ended || closed)
}

describe('a Toxiproxy proxy', () => {
  test('a Toxiproxy proxy passes on messages in one or two parts, large messages, and the end of the stream', async () => {
    for (const parts of [['hello world'], ['hello', ' world'], [randomBytes(8_000_000).toString('latin1')]]) {
      const { server, accepted } = await sink()
      const { connect } = await proxied(server)
      const client = await connect()
      for (const part of parts) client.write(part, 'latin1')
      client.end()
      await once(client.resume(), 'end')
      expect(accepted[0]!.ended).toBe(true)
      expect(accepted[0]!.text === parts.join('')).toBe(true)
    }
  })

  test('a Toxiproxy proxy delivers a reply to a client that has half-closed its connection', async () => {
    const server = await serve((socket) => {
      const received = new Received(socket)
      socket.on('end', () => setTimeout(() => socket.end(`got ${received.length}`), 50))
    })
    const { connect } = await proxied(server)
    const client = await connect()
    client.end('12345')
    expect((await finished(new Received(client))).text).toBe('got 5')
  })

  test('a Toxiproxy proxy resets a client whose upstream is down', async () => {
    const { server, accepted: _ } = await sink()
    server.server.close()
    await once(server.server, 'close')
    const { address } = await proxied(server)
    const received = new Received(startDialling(address))
    await received.until(({ closed }) => closed)
    expect(received.error).toBe('ECONNRESET')
  })

  test('a Toxiproxy proxy resets its connections when its addresses change, and uses the new addresses', async () => {
    const first = await serve((socket) => socket.write('first'))
    const second = await serve((socket) => socket.write('second'))
    const { ask, connect, addressOf } = await proxied(first)
    const old = new Received(await connect())
    await old.until(({ text }) => text === 'first')
    const moved = await ask('POST', '/proxies/p', { listen: '127.0.0.1:0', upstream: `127.0.0.1:${second.port}` })
    await old.until(({ closed }) => closed)
    const now = new Received(await dial(addressOf(moved.json.listen)))
    await now.until(({ text }) => text === 'second')
  })

  test('a Toxiproxy proxy keeps its connections if an update gives its unchanged listen address as a host name', async () => {
    const { ask, connect, listen } = await proxied(await echo())
    const client = await connect()
    const received = new Received(client)
    await timeOf(received, 1, () => client.write('a'))
    await ask('POST', '/proxies/p', { listen: listen.replace('127.0.0.1', 'localhost') })
    await timeOf(received, 1, () => client.write('b'))
    expect(received).toMatchObject({ text: 'ab', closed: false })
  })

  test('a Toxiproxy proxy delays no other connection while a dial hangs', async () => {
    const { ask, plane, addressOf } = await proxied(await echo())
    // Packets to a documentation address (RFC 5737) are answered by nobody, or at once by a router; never by a server.
    await ask('POST', '/proxies', { name: 'hole', listen: '127.0.0.1:0', upstream: '192.0.2.1:1' })
    const stuck = await Promise.all([1, 2, 3].map(() => dial(addressOf(plane.proxies.get('hole').listen))))
    for (const socket of stuck) socket.on('error', () => undefined)
    const client = await dial(addressOf(plane.proxies.get('p').listen))
    expect(await timeOf(new Received(client), 1, () => client.write('x'))).toBeLessThan(30_000)
    expect((await ask('DELETE', '/proxies/hole')).status).toBe(204)
  })
})

describe('the latency toxic', () => {
  test.each([
    ['upstream', [{ latency: 60 }], 60],
    ['downstream', [{ latency: 60 }], 60],
    ['downstream', [{ latency: 30 }, { latency: 40 }], 70],
    ['upstream', [{ latency: 60, jitter: 20 }], 40],
    ['upstream', [{ latency: 0 }], 0],
  ])('the latency toxic delays the %s stream by at least the sum of %j', async (stream, toxics, leastMs) => {
    const { connect, toxic } = await proxied(await echo())
    for (const [i, attributes] of toxics.entries()) await toxic('latency', attributes, { stream, name: `t${i}` })
    const client = await connect()
    const tookMs = await timeOf(new Received(client), 4, () => client.write('ping'))
    expect(tookMs).toBeGreaterThan(leastMs - 1)
  })

  test('latency toxics on both directions add up', async () => {
    const { connect, toxic } = await proxied(await echo())
    for (const stream of ['upstream', 'downstream']) await toxic('latency', { latency: 30 }, { stream })
    const client = await connect()
    const tookMs = await timeOf(new Received(client), 4, () => client.write('ping'))
    expect(tookMs).toBeGreaterThan(59)
  })

  test('the latency toxic does not reduce the bandwidth', async () => {
    const { connect, toxic } = await proxied(await echo())
    await toxic('latency', { latency: 500 })
    const client = await connect()
    const tookMs = await timeOf(new Received(client), 2_000_000, () => {
      for (let i = 0; i < 100; i++) client.write(Buffer.alloc(20_000))
    })
    // If the delays of the chunks added up, this would take fifty seconds.
    expect(tookMs).toBeLessThan(40_000)
  })

  test('the latency toxic delivers bytes in flight before the end of the stream', async () => {
    const { server, accepted } = await sink()
    const { connect, toxic } = await proxied(server)
    await toxic('latency', { latency: 50 }, { stream: 'upstream' })
    const client = await connect()
    client.end('hello')
    await once(client.resume(), 'end')
    expect(accepted[0]!.text).toBe('hello')
  })
})

describe('the bandwidth toxic', () => {
  test('the bandwidth toxic limits bytes to its rate', async () => {
    const { server, accepted } = await sink()
    const { connect, toxic } = await proxied(server)
    await toxic('bandwidth', { rate: 1000 }, { stream: 'upstream' })
    const client = await connect()
    const start = performance.now()
    client.end(Buffer.alloc(300_000))
    await once(client.resume(), 'end')
    expect(accepted[0]!.length).toBe(300_000)
    expect(performance.now() - start).toBeGreaterThan(270)
  })

  test('the bandwidth toxic passes nothing at rate 0; once it is removed, bytes pass again', async () => {
    const { connect, toxic, remove } = await proxied(await echo())
    const up = await toxic('bandwidth', { rate: 0 }, { stream: 'upstream', name: 'CUT_UP' })
    const down = await toxic('bandwidth', { rate: 0 }, { stream: 'downstream', name: 'CUT_DOWN' })
    const client = await connect()
    const received = new Received(client)
    client.write('ping')
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(received.length).toBe(0)
    await remove(up)
    await remove(down)
    await received.until(({ text }) => text === 'ping')
  })
})

describe('the limit_data toxic', () => {
  test.each([
    [0, 100, 0],
    [50, 100, 50],
    [100, 100, 100],
  ])(
    'the limit_data toxic closes the connection after %i bytes: of %i sent bytes, %i arrive',
    async (bytes, sent, passed) => {
      const { connect, toxic } = await proxied(await echo())
      await toxic('limit_data', { bytes })
      const client = await connect()
      client.write(Buffer.alloc(sent))
      expect((await finished(new Received(client))).length).toBe(passed)
    },
  )

  test('the limit_data toxic changes nothing if its limit exceeds the data', async () => {
    const { connect, toxic } = await proxied(await echo())
    await toxic('limit_data', { bytes: 1000 })
    const client = await connect()
    client.end(Buffer.alloc(999))
    expect((await finished(new Received(client))).length).toBe(999)
  })

  test('the limit_data toxic counts the bytes that passed before its limit was changed', async () => {
    const { connect, toxic, update } = await proxied(await echo())
    const name = await toxic('limit_data', { bytes: 100 })
    const client = await connect()
    const received = new Received(client)
    await timeOf(received, 80, () => client.write(Buffer.alloc(80)))
    await update(name, { attributes: { bytes: 150 } })
    client.write(Buffer.alloc(200))
    expect((await finished(received)).length).toBe(150)
  })
})

describe('the timeout toxic', () => {
  test('the timeout toxic drops all bytes, and closes the connection after its timeout', async () => {
    const { connect, toxic } = await proxied(await echo())
    await toxic('timeout', { timeout: 80 })
    const client = await connect()
    const start = performance.now()
    client.write('ping')
    const received = await finished(new Received(client))
    expect(received.length).toBe(0)
    expect(performance.now() - start).toBeGreaterThan(79)
  })

  test('at timeout 0, the timeout toxic drops all bytes until it is removed, and then closes the connection', async () => {
    const { connect, toxic, remove } = await proxied(await echo())
    const name = await toxic('timeout', { timeout: 0 })
    const client = await connect()
    const received = new Received(client)
    client.write('ping')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(received).toMatchObject({ length: 0, ended: false, closed: false })
    await remove(name)
    expect((await finished(received)).length).toBe(0)
  })
})

describe('the reset_peer toxic', () => {
  test.each([
    ['upstream', 0],
    ['downstream', 0],
    ['upstream', 60],
    ['downstream', 60],
  ])('the reset_peer toxic resets the %s connection after %i ms and passes no byte', async (stream, timeout) => {
    const { connect, toxic } = await proxied(await echo())
    await toxic('reset_peer', { timeout }, { stream })
    const client = await connect()
    const received = new Received(client)
    const start = performance.now()
    client.write('ping')
    await received.until(({ closed }) => closed)
    expect(received).toMatchObject({ length: 0, error: 'ECONNRESET' })
    expect(performance.now() - start).toBeGreaterThan(timeout - 1)
  })
})

describe('the slicer toxic', () => {
  test('the slicer toxic cuts pieces of equal size if size_variation is 0, with a pause after each piece', async () => {
    const { server, accepted } = await sink()
    const { connect, toxic } = await proxied(server)
    await toxic('slicer', { average_size: 50, size_variation: 0, delay: 3_000 }, { stream: 'upstream' })
    const client = await connect()
    const start = performance.now()
    const bytes = randomBytes(1000)
    client.end(bytes)
    await once(client.resume(), 'end')
    expect(accepted[0]!.bytes.equals(bytes)).toBe(true)
    expect(performance.now() - start).toBeGreaterThan(55)
  })
})

describe('the slow_close toxic', () => {
  test('the slow_close toxic delays only the end of the connection', async () => {
    const { connect, toxic, update } = await proxied(await echo())
    const name = await toxic('slow_close', { delay: 3_600_000 })
    const client = await connect()
    const received = new Received(client)
    client.write('ping')
    await received.until(({ text }) => text === 'ping')
    await update(name, { attributes: { delay: 100 } })
    const start = performance.now()
    client.end()
    await finished(received)
    expect(performance.now() - start).toBeGreaterThan(98)
  })
})

describe('the toxicity of a toxic', () => {
  /**
   * Opens this many connections, one after the other, under a limit of 0 bytes. Returns a mark for each: `X` if it was
   * cut.
   */
  async function struck(seed: number, toxicity: number, connections: number): Promise<string> {
    const { connect, toxic } = await proxied(await echo(), { seed })
    await toxic('limit_data', { bytes: 0 }, { toxicity })
    let marks = ''
    for (let i = 0; i < connections; i++) {
      const client = await connect()
      const received = new Received(client)
      client.write('x')
      await received.until(({ length, ended, closed }) => length > 0 || ended || closed)
      marks += received.length > 0 ? '.' : 'X'
      client.destroy()
    }
    return marks
  }

  test('a toxic selects no connection at toxicity 0, all connections at 1, and some in between', async () => {
    expect(await struck(1, 0, 10)).toBe('.'.repeat(10))
    expect(await struck(1, 1, 10)).toBe('X'.repeat(10))
    const half = (await struck(1, 0.5, 60)).replaceAll('.', '').length
    expect(half).toBeGreaterThan(12)
    expect(half).toBeLessThan(48)
  })

  test('a toxic selects the same connections for the same seed', async () => {
    const first = await struck(7, 0.5, 24)
    expect(await struck(7, 0.5, 24)).toBe(first)
    expect(await struck(8, 0.5, 24)).not.toBe(first)
  })

  test('a connection ends without a reset under the toxic reset_peer with toxicity 0', async () => {
    const { connect, toxic } = await proxied(await echo())
    await toxic('reset_peer', { timeout: 0 }, { toxicity: 0 })
    const client = await connect()
    client.end('ping')
    expect(await finished(new Received(client))).toMatchObject({ text: 'ping', error: undefined, ended: true })
  })
})

describe('a changing set of toxics', () => {
  test('changing toxics neither lose nor reorder bytes under load', async () => {
    const { server, accepted } = await sink()
    const { connect, toxic, remove } = await proxied(server)
    const client = await connect()
    const bytes = randomBytes(4_000_000)
    const sent = send(client, bytes)
    const passing = ['latency', 'noop', 'slicer', 'bandwidth', 'slow_close']
    const attributes: { [type: string]: object } = {
      latency: { latency: 3, jitter: 2 },
      slicer: { average_size: 5000, size_variation: 1000 },
      bandwidth: { rate: 100_000 },
    }
    for (let i = 0; i < 30; i++) {
      const name = await toxic(passing[i % passing.length]!, attributes[passing[i % passing.length]!] ?? {}, {
        stream: 'upstream',
      })
      await remove(name)
    }
    await sent
    await once(client.resume(), 'end')
    expect(accepted[0]!.bytes.equals(bytes)).toBe(true)
  })

  test('a toxic can be removed within 30 s even if the receiver has stopped reading', async () => {
    const server = await serve((socket) => socket.pause())
    const { connect, toxic, remove } = await proxied(server)
    const name = await toxic('latency', { latency: 20 }, { stream: 'upstream' })
    const client = await connect()
    client.write(Buffer.alloc(20_000_000))
    await new Promise((resolve) => setTimeout(resolve, 60))
    const start = performance.now()
    expect((await remove(name)).status).toBe(204)
    expect(performance.now() - start).toBeLessThan(30_000)
  })
})

async function send(client: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 16_000) {
    if (!client.write(bytes.subarray(at, at + 16_000))) await once(client, 'drain')
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.end()
}
