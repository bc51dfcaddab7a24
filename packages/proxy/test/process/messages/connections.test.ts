import type { MessageFault } from '@chaosproxy/faults'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Harm } from '../../../../testing/src/fault-parts.ts'
import { dial, links, network, Received, serve } from '../../../../testing/src/sockets.ts'
import { jsonLines } from '../../../../wire/src/framing/json-lines.ts'
import { resp } from '../../../../wire/src/resp/resp.ts'
import { createMessageFaults } from '../../../src/messages/message-faults.ts'
import { again, behind, drop, late, twice, world } from '../../messages/world.ts'

describe('a framed link between a real client and server', () => {
  test('message faults lose and repeat the selected Redis commands, and pass on the others', async () => {
    const faults = createMessageFaults({ seed: 1 })
    const asked: string[] = []
    const server = await serve((socket) =>
      socket.setEncoding('latin1').on('data', (text: string) => {
        for (const command of text.split('\r\n').slice(0, -1)) {
          asked.push(command)
          socket.write(`+${command}\r\n`)
        }
        if (asked.length === 2) socket.end()
      }),
    )
    const made = network()
    const route = await made.route({
      from: 'clients',
      to: 'n1',
      upstream: server,
      intercept: faults.intercept({ from: 'clients', to: 'n1', framing: resp }),
    })
    const lost = faults.apply({ ...drop, links: [{ from: 'clients', to: 'n1' }], match: { key: 'b' } })
    const repeated = faults.apply({ ...twice, links: [{ from: 'n1', to: 'clients' }], when: { nth: 2 } })
    const client = new Received(await dial(route))
    client.socket.end('GET a\r\nGET b\r\nGET c\r\n')
    await client.until((received) => received.ended)
    expect(asked).toEqual(['GET a', 'GET c'])
    expect([client.text, lost.hits, repeated.hits]).toEqual(['+GET a\r\n+GET c\r\n+GET c\r\n', 1, 1])
  })

  test('a framed link dials the server without waiting for the client if the server sends first', async () => {
    const faults = createMessageFaults({ seed: 1 })
    const server = await serve((socket) => socket.end('{"hello":1}\n{"hello":2}\n'))
    const intercept = faults.intercept({ from: 'clients', to: 'n1', framing: jsonLines })
    const route = await network().route({ from: 'clients', to: 'n1', upstream: server, intercept })
    faults.apply({ ...twice, links: [{ from: 'n1', to: 'clients' }], when: { nth: 2 } })
    const client = new Received(await dial(route))
    await client.until((received) => received.ended)
    expect(client.text).toBe('{"hello":1}\n{"hello":2}\n{"hello":2}\n')
  })

  test('a framed link carries large transfers unchanged, with or without a fault that matches nothing', async () => {
    const faults = createMessageFaults({ seed: 1 })
    const lines = Array.from({ length: 40_000 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(n % 300)}"}`).join('\n')
    const server = await serve((socket) => socket.pipe(socket))
    const intercept = faults.intercept({ from: 'clients', to: 'n1', framing: jsonLines })
    const route = await network().route({ from: 'clients', to: 'n1', upstream: server, intercept })
    for (const faulted of [false, true]) {
      if (faulted) faults.apply({ ...drop, links: [...links.both], match: { contains: 'nowhere' } })
      const client = new Received(await dial(route))
      client.socket.end(lines)
      await client.until((received) => received.ended)
      expect(client.text === lines).toBe(true)
    }
  })
})

test('a link under changing message faults delivers only whole messages, and each lost message is a hit of drop-message', () => {
  const harm = fc.constantFrom<Harm<MessageFault>>(drop, twice, late, behind(1, 30), behind(3, 30), again(2, 30))
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), bytes: fc.integer({ min: 1, max: 30 }) }) },
    fc.record({ do: fc.constant('apply' as const), harm, probability: fc.constantFrom(0.3, 1) }),
    fc.record({ do: fc.constant('heal' as const), which: fc.nat(5) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(80) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
      const { apply, send, there, clock, interceptor } = world({ seed, maxMessageBytes: 12 })
      // Every fifth line is longer than `maxMessageBytes`, so that no fault acts on it.
      const lines = Array.from({ length: 400 }, (_, n) => (n % 5 === 4 ? `${n}${'-'.repeat(20)}` : `${n}`))
      const stream = `${lines.join('\n')}\n`
      const applied: ReturnType<typeof apply>[] = []
      let at = 0
      for (const step of steps) {
        if (step.do === 'send') {
          send(stream.slice(at, at + step.bytes))
          at += step.bytes
        } else if (step.do === 'apply') applied.push(apply(step.harm, { when: { probability: step.probability } }))
        else if (step.do === 'heal') applied[step.which]?.remove()
        else clock.advance(step.ms)
      }
      send(stream.slice(at))
      interceptor.requests.end()
      clock.advance(1e6)
      expect(there.ended).toBe(true)
      expect(there.text.endsWith('\n')).toBe(true)
      const arrived = there.text.split('\n').slice(0, -1)
      const sent = new Set(lines)
      expect(arrived.filter((line) => !sent.has(line))).toEqual([])
      const missing = lines.filter((line) => !arrived.includes(line))
      const lost = applied.reduce((sum, { fault, hits }) => sum + (fault.kind === 'drop-message' ? hits : 0), 0)
      expect(missing.length).toBe(lost)
      if (applied.length === 0) expect(there.text).toBe(stream)
    }),
    { numRuns: 150 },
  )
})
