import { linksBetween } from '@chaosproxy/faults'
import { type Completion, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { expectCut, injectedFor, ran, serving } from '../../../testing/src/simulated.ts'

describe('a program', () => {
  test('a program runs in virtual time, so that an hour passes in less than a minute', async () => {
    const before = Date.now()
    const { lines } = await ran(
      serving(`const start = Date.now(); setTimeout(() => console.log(Date.now() - start), 3_600_000)`),
      { forMs: 4_000_000 },
    )
    expect(Math.abs(Number(lines[0]?.slice(4)) - 3_600_000)).toBeLessThan(2)
    expect(Date.now() - before).toBeLessThan(60_000)
  })

  test('a program has NODE_ENV=production by default, and the variable CHAOS_SIMULATED', async () => {
    const listening = `
      import { createServer } from 'node:http'
      const server = createServer((request, response) => response.end())
      if (process.env.NODE_ENV !== 'test') server.listen(Number(process.env.PORT))
      console.log(process.env.NODE_ENV, 'CHAOS_SIMULATED' in process.env)`
    expect((await ran(listening)).lines).toEqual(['n1: production true'])
    expect((await ran(listening, { environment: { NODE_ENV: 'staging' } })).lines).toEqual(['n1: staging true'])
  })

  test('a program gets its random values only from the seed', async () => {
    const drawing = serving(`
      import { randomBytes, randomUUID } from 'node:crypto'
      console.log(Math.random(), randomUUID(), crypto.randomUUID(), randomBytes(4).toString('hex'), Date.now())`)
    const [one, same, other] = [await ran(drawing), await ran(drawing), await ran(drawing, { seed: 2 })]
    expect(same.lines).toEqual(one.lines)
    expect(other.lines).not.toEqual(one.lines)
  })

  test('a program has its own modules on every node, evaluated anew at every start', async () => {
    const { lines } = await ran(
      serving(`let starts = 0; starts++; globalThis.all = (globalThis.all ?? 0) + 1
      console.log(starts, globalThis.all)`),
      {
        nodes: 3,
        meanwhile: (cluster) => {
          cluster.inject({ kind: 'kill', nodes: ['n2'] }, (outcome) => {
            if (outcome.type === 'injected') outcome.heal(() => {})
          })
        },
      },
    )
    expect([...lines].sort()).toEqual(['n1: 1 1', 'n2: 1 1', 'n2: 1 1', 'n3: 1 1'])
  })

  test('a program keeps its AsyncLocalStorage contexts across timers and requests', async () => {
    const { lines } = await ran(
      serving(`
      import { AsyncLocalStorage } from 'node:async_hooks'
      const context = new AsyncLocalStorage()
      setTimeout(() => context.run('mine', () => setTimeout(async () => {
        await fetch('http://localhost:3000/')
        console.log(context.getStore())
      }, 5)), 5)`),
    )
    expect(lines).toEqual(['n1: mine'])
  })

  test('a program keeps the context of a late AsyncLocalStorage subclass, and the context of a snapshot', async () => {
    const { lines } = await ran(
      serving(`
      import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from 'node:async_hooks'
      class Own extends AsyncLocalStorage {}
      new AsyncResource('early').runInAsyncScope(() => setTimeout(() => {
        const context = new Own()
        let taken
        context.run('late', () => {
          taken = AsyncLocalStorage.snapshot()
          setTimeout(() => console.log(context.getStore(), context instanceof AsyncLocalStorage), 5)
        })
        setTimeout(() => console.log(context.getStore(), taken(() => context.getStore())), 10)
        setTimeout(() => console.log(typeof executionAsyncResource()), 15)
      }, 5))`),
    )
    expect(lines).toEqual(['n1: late true', 'n1: undefined late', 'n1: object'])
  })

  test('a program may wait in a loop until its own clock reaches a time', async () => {
    const { lines } = await ran(
      serving(`const start = Date.now(); while (Date.now() - start < 5); console.log('done')`),
    )
    expect(lines).toEqual(['n1: done'])
  })

  test('a program may use top-level await, TypeScript types and CommonJS imports', async () => {
    const { lines } = await ran(
      serving(`
      import path, { join } from 'path'
      import * as timers from 'node:timers/promises'
      const waited: string = await timers.setTimeout(20, 'waited')
      console.log(waited, join('a', 'b'), path.sep, (await import('node:os')).hostname(), import.meta.filename.length > 3)`),
    )
    expect(lines).toEqual(['n1: waited a/b / n1 true'])
  })

  test('a request of a program is aborted after the timeout of its signal', async () => {
    const { lines } = await ran(`
      import { createServer } from 'node:http'
      createServer(() => {}).listen(process.env['PORT'], async () => {
        try { await fetch('http://localhost:3000/', { signal: AbortSignal.timeout(50) }) }
        catch (error) { console.log(error.name, Math.round(performance.now())) }
      })`)
    expect(lines[0]).toMatch(/^n1: TimeoutError 5\d$/)
  })

  test('the sockets of a program emit end, close and ECONNREFUSED as in Node', async () => {
    const { lines } = await ran(
      serving(`
      import net from 'node:net'
      net.createServer((socket) => {
        socket.on('data', (chunk) => socket.write('echo ' + chunk))
        socket.on('end', () => console.log('server: end'))
        socket.on('close', () => console.log('server: close'))
      }).listen(7000, () => {
        const socket = net.connect(7000, 'localhost', () => socket.write('hello'))
        socket.on('data', (chunk) => { console.log(String(chunk)); socket.end() })
        socket.on('close', (bad) => console.log('client: close', bad, socket instanceof net.Socket))
      })
      net.connect(9, 'localhost').on('error', (error) => console.log(error.code))`),
    )
    expect(lines.map((line) => line.slice(4)).sort()).toEqual(
      ['ECONNREFUSED', 'client: close false true', 'echo hello', 'server: close', 'server: end'].sort(),
    )
  })

  test('a program is notified of an idle socket after its timeout, counted from the last activity', async () => {
    const { lines } = await ran(
      serving(`
      import net from 'node:net'
      net.createServer((socket) => {
        for (const ms of [30, 60]) setTimeout(() => socket.write('x'), ms)
      }).listen(7000, () => {
        const socket = net.connect(7000, 'localhost', () => {
          let last = performance.now()
          socket.setTimeout(50)
          socket.on('data', () => { last = performance.now() })
          socket.on('timeout', () => {
            console.log('idle', Math.round(performance.now() - last))
            last = performance.now()
            if (socket.timeout === 20) socket.setTimeout(0)
            else socket.setTimeout(20)
          })
        })
      })`),
    )
    expect(lines).toEqual(['n1: idle 50', 'n1: idle 20'])
  })
})

describe('a run', () => {
  const talking = serving(`
    const peers = process.env['PEERS'].split(',')
    setInterval(async () => {
      const started = performance.now()
      const peer = peers[Math.floor(Math.random() * peers.length)]
      try { console.log((await (await fetch(peer)).json()).value, performance.now() - started) }
      catch (error) { console.log(error.cause?.code ?? error.message) }
    }, 20)`)

  test('a run has the same trace for the same seed, whatever ran before', async () => {
    const seeds = [1, 2, 3, 4]
    const first = new Map<number, string>()
    for (const seed of seeds) first.set(seed, (await ran(talking, { nodes: 3, seed })).trace.join('\n'))
    expect(new Set(first.values()).size).toBe(seeds.length)
    for (const seed of seeds.reverse())
      expect((await ran(talking, { nodes: 3, seed })).trace.join('\n') === first.get(seed), `${seed}`).toBe(true)
  })

  test('a run restores the globals of the real process at its end', async () => {
    const before = [
      Date,
      Math.random,
      setTimeout,
      fetch,
      AbortSignal.timeout,
      Function.prototype.toString,
      process.listenerCount('warning'),
    ]
    await ran(talking, { nodes: 3 })
    expect([
      Date,
      Math.random,
      setTimeout,
      fetch,
      AbortSignal.timeout,
      Function.prototype.toString,
      process.listenerCount('warning'),
    ]).toEqual(before)
    expect(Date.now()).toBeLessThan(Date.UTC(2030))
  })

  test('a run resets connections to a killed node, and refuses new connections while the node is down', async () => {
    const { lines } = await ran(talking, {
      nodes: 2,
      meanwhile: (cluster) => cluster.inject({ kind: 'kill', nodes: ['n2'] }, () => {}),
    })
    expect(lines.filter((line) => /^n1: ECONNRE/.test(line)).length).toBeGreaterThan(10)
    expect(lines.filter((line) => line.startsWith('n2: ')).length).toBeLessThan(5)
  })

  test.each(['hold', 'drop'] as const)(
    'a run continues its requests after the heal of a cut with the mode %s',
    async (mode) => {
      const { lines } = await ran(talking, {
        nodes: 2,
        forMs: 2_000,
        meanwhile: injectedFor({ kind: 'partition', links: linksBetween([['n1'], ['n2']]), mode }, 500),
      })
      expectCut(lines, mode)
    },
  )

  test('a run lets workload clients read and write over HTTP', async () => {
    const completions: Completion[] = []
    await ran(
      `import { createServer } from 'node:http'
       let value = null
       createServer(async (request, response) => {
         let body = ''
         for await (const chunk of request) body += chunk
         if (request.method === 'PUT') value = JSON.parse(body).value
         response.end(JSON.stringify({ value }))
       }).listen(process.env['PORT'])`,
      {
        meanwhile: (cluster) => {
          const client = cluster.connect('n1')
          const asked = { f: 'write', key: 'x', value: 7 }
          client.invoke({ input: asked, harmless: false }, millis(500), (completion) => {
            completions.push(completion)
            const read = { f: 'read', key: 'x', value: null }
            client.invoke({ input: read, harmless: true }, millis(500), (last) => completions.push(last))
          })
        },
      },
    )
    expect(completions).toEqual([
      { type: 'ok', value: 7 },
      { type: 'ok', value: 7 },
    ])
  })

  test.each(['bytes', 'messages'] as const)(
    'the error that a workload client gets includes the response body of a status 500 (HTTP mode %s)',
    async (http) => {
      const completions: Completion[] = []
      await ran(
        `import { createServer } from 'node:http'
         createServer((request, response) => response.writeHead(500).end('no table items')).listen(process.env['PORT'])`,
        {
          http,
          meanwhile(cluster) {
            const asked = { input: { f: 'write', key: 'x', value: 7 }, harmless: false }
            cluster.connect('n1').invoke(asked, millis(500), (completion) => completions.push(completion))
          },
        },
      )
      expect(completions).toEqual([{ type: 'info', error: 'status 500 no table items' }])
    },
  )
})
