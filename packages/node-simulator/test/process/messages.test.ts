import { linksBetween } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { expectCut, injectedFor, ran, serving } from '../../../testing/src/simulated.ts'

/** Calls a server of the same node in many ways, and prints the results. */
const ASKING = `
async function told(path, init) {
  try {
    const answer = await fetch('http://localhost:3000' + path, init)
    const { date, ...fields } = Object.fromEntries(answer.headers)
    return [answer.status, answer.statusText, answer.url, answer.redirected, fields, await answer.text()]
  } catch (error) { return [error.name, error.message, error.cause?.code ?? null] }
}
async function ask() {
  const json = { 'content-type': 'application/json' }
  for (const [path, init] of [
    ['/echo?a=1&a=2'], ['/echo', { headers: { 'X-One': 'a', cookie: 'b=c' } }],
    ['/echo', { method: 'POST', headers: json, body: '{"value":"\\u00e9"}' }], ['/echo', { method: 'PUT' }],
    ['/echo', { method: 'DELETE' }], ['/echo', { method: 'HEAD' }], ['/chunks'], ['/chunks', { method: 'HEAD' }],
    ['/empty'], ['/same'], ['/moved'], ['/moved', { redirect: 'manual' }], ['/closes'], ['/throws'], ['/gone'],
    ['/cut', { signal: AbortSignal.timeout(50) }], ['/nowhere'], ['/large', { method: 'POST', body: 'x'.repeat(100_000) }],
  ]) console.log(path, init?.method ?? 'GET', JSON.stringify(await told(path, init)))
}`

const PROGRAMS = {
  'node:http': `
    import { createServer } from 'node:http'
    ${ASKING}
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    createServer((request, response) => {
      const note = (what) => console.log(request.url, what)
      request.on('aborted', () => note('aborted')).on('error', (error) => note(error.code)).on('close', () => note('close'))
      for (const name of ['prefinish', 'finish', 'close']) response.on(name, () => note('response ' + name + ' ' + response.writableFinished))
      const { url, method, headers, rawHeaders, httpVersion, socket } = request
      if (url.startsWith('/echo') || url === '/large') {
        let body = ''
        request.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => {
          response.writeHead(200, 'Fine', { 'X-Two': ['a', 'b'] })
          const { remoteAddress, localPort } = socket
          const length = body.length > 1_000 ? body.length : body
          response.end(JSON.stringify({ method, url, headers, rawHeaders, httpVersion, length, remoteAddress, localPort, complete: request.complete }))
        })
      } else if (url === '/chunks') {
        response.write('one ', () => note('written'))
        setTimeout(() => { response.write(Buffer.from('two ')); response.end('c3', 'hex') }, 5)
      } else if (url === '/empty') response.writeHead(204).end()
      else if (url === '/same') response.writeHead(304, { etag: 'x' }).end()
      else if (url === '/moved') response.writeHead(302, { location: '/echo' }).end('moved')
      else if (url === '/closes') response.setHeader('connection', 'close').end('bye')
      else if (url === '/throws') { response.statusCode = 500; response.end('thrown'); throw new Error('mine') }
      else if (url === '/gone') socket.destroy()
      else if (url !== '/cut') { response.statusCode = 404; response.end() }
    }).listen(process.env['PORT'], ask)`,
  express: `
    import express from 'express'
    ${ASKING}
    const app = express()
    app.use(express.json(), (request, response, next) => { response.set('X-Seen', 'yes'); next() })
    app.all('/echo', ({ method, url, query, body, headers }, response) => response.json({ method, url, query, body, headers }))
    app.get('/moved', (request, response) => response.redirect('/echo'))
    app.get('/empty', (request, response) => response.sendStatus(204))
    app.get('/throws', async () => { throw new Error('mine') })
    app.get('/cut', () => {})
    app.use((error, request, response, next) => response.status(500).json({ message: error.message }))
    app.listen(process.env['PORT'], ask)`,
  fastify: `
    import Fastify from 'fastify'
    ${ASKING}
    const app = Fastify()
    app.all('/echo', async ({ method, url, query, body, headers }) => ({ method, url, query, body, headers }))
    app.get('/moved', (request, reply) => reply.redirect('/echo'))
    app.get('/throws', async () => { throw new Error('mine') })
    app.get('/cut', () => new Promise(() => {}))
    await app.listen({ port: Number(process.env['PORT']), host: '0.0.0.0' })
    ask()`,
}

describe('the HTTP mode "messages"', () => {
  test.each(Object.entries(PROGRAMS))(
    'the HTTP mode "messages" gives a program on %s the same results as the mode "bytes"',
    async (_, program) => {
      const [bytes, messages] = [await ran(program), await ran(program, { http: 'messages' })]
      const told = (lines: readonly string[]) => [...lines].sort()
      expect(bytes.lines.length).toBeGreaterThan(15)
      expect(told(messages.lines)).toEqual(told(bytes.lines))
      expect(messages.trace.some((text) => text.includes(' message GET /'))).toBe(true)
    },
  )

  const talking = serving(`
    const peers = process.env['PEERS'].split(',')
    setInterval(async () => {
      const started = performance.now()
      const peer = peers[Math.floor(Math.random() * peers.length)]
      try { console.log((await (await fetch(peer)).json()).value, performance.now() - started) }
      catch (error) { console.log(error.cause?.code ?? error.message) }
    }, 20)`)

  test('the HTTP mode "messages" produces the same trace for the same seed', async () => {
    const [one, same, other] = [1, 1, 2].map((seed) => ran(talking, { nodes: 3, seed, http: 'messages' }))
    expect((await same)?.trace).toEqual((await one)?.trace)
    expect((await other)?.trace).not.toEqual((await one)?.trace)
  })

  test('the HTTP mode "messages" resets or refuses requests to a killed node', async () => {
    const { lines } = await ran(talking, {
      ...{ nodes: 2, http: 'messages' },
      meanwhile: (cluster) => cluster.inject({ kind: 'kill', nodes: ['n2'] }, () => {}),
    })
    expect(lines.filter((line) => /^n1: ECONNRE/.test(line)).length).toBeGreaterThan(10)
  })

  test.each(['hold', 'drop'] as const)(
    'the HTTP mode "messages" sends no request through a cut with the mode %s until the heal',
    async (mode) => {
      const { lines } = await ran(talking, {
        ...{ nodes: 2, forMs: 2_000, http: 'messages' },
        meanwhile: injectedFor({ kind: 'partition', links: linksBetween([['n1'], ['n2']]), mode }, 500),
      })
      expectCut(lines, mode)
    },
  )

  test('the HTTP mode "messages" delays requests to a paused node until the end of the pause, as "bytes" does', async () => {
    const latest = async (http: 'bytes' | 'messages') => {
      const { lines } = await ran(talking, {
        ...{ nodes: 2, forMs: 2_000, http },
        meanwhile: injectedFor({ kind: 'pause', nodes: ['n2'] }, 400),
      })
      expect(lines.filter((line) => line.includes('ECONN'))).toEqual([])
      return Math.max(...lines.map((line) => Number(/^n1: 1 (\d+)/.exec(line)?.[1] ?? 0)))
    }
    for (const http of ['bytes', 'messages'] as const) {
      const ms = await latest(http)
      expect(ms).toBeGreaterThan(300)
      expect(ms).toBeLessThan(450)
    }
  })

  test.each(['bytes', 'messages'] as const)(
    'the HTTP mode "messages" opens a new connection after an idle connection closed, as "bytes" does (%s)',
    async (http) => {
      const { lines } = await ran(
        `
        import { createServer } from 'node:http'
        let connections = 0
        const server = createServer((request, response) => {
          request.on('close', () => console.log('closed', request.complete))
          if (request.url !== '/never') response.end(String(connections))
          else response.on('close', () => console.log('given up', response.writableEnded))
        })
        server.keepAliveTimeout = 2_000
        server.on('connection', () => { connections++ })
        server.listen(3000, async () => {
          const ask = async (path, init) => (await fetch('http://localhost:3000' + path, init)).text()
          const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
          console.log(await ask('/'), await ask('/'))
          await later(500)
          console.log(await ask('/'))
          await later(3_000)
          console.log(await ask('/'))
          console.log(await ask('/never', { signal: AbortSignal.timeout(100) }).catch(({ name }) => name))
          await later(100)
          console.log(await ask('/', { method: 'POST', duplex: 'half', body: new Blob(['a', 'b']).stream() }))
        })`,
        { http, forMs: 5_000 },
      )
      expect(lines.filter((line) => !line.includes('closed'))).toEqual([
        ...['n1: 1 1', 'n1: 1', 'n1: 2', 'n1: TimeoutError', 'n1: given up false', 'n1: 3'],
      ])
      expect(lines.filter((line) => line.includes('closed'))).toHaveLength(6)
    },
  )

  test('the HTTP mode "messages" delivers each part of a stream as it is written, even if the stream never ends', async () => {
    const streaming = `
      import { createServer } from 'node:http'
      createServer((request, response) => {
        if (request.url === '/events') {
          response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
          let n = 0
          const ticking = setInterval(() => response.write('data: ' + n++ + '\\n\\n'), 100)
          response.on('close', () => { clearInterval(ticking); console.log('left after', n) })
        } else if (request.url === '/lines') {
          response.write('{"a":1}\\n')
          setTimeout(() => response.write('{"a":2}\\n'), 100)
          setTimeout(() => response.end('{"a":3}\\n'), 200)
        } else if (request.url === '/short') {
          response.writeHead(200, { 'content-length': 6 }).write('one')
          setTimeout(() => response.end('two'), 100)
        } else if (request.url === '/breaks') {
          response.write('half')
          setTimeout(() => response.destroy(), 100)
        } else response.end('whole')
      }).listen(3000, async () => {
        const told = async (path, most, init) => {
          const said = []
          const since = performance.now()
          const ms = () => Math.round((performance.now() - since) / 100) * 100
          try {
            const answer = await fetch('http://localhost:3000' + path, init)
            said.push(answer.status, ms())
            for await (const chunk of answer.body) {
              said.push(Buffer.from(chunk).toString(), ms())
              if (said.length >= most) break
            }
          } catch (error) { said.push(error.name, error.message) }
          console.log(path, JSON.stringify(said))
        }
        await told('/events', 8)
        await told('/events', 99, { signal: AbortSignal.timeout(450) })
        for (const path of ['/lines', '/short', '/breaks', '/']) await told(path, 99)
        console.log(await (await fetch('http://localhost:3000/lines')).text())
      })`
    const [bytes, messages] = [
      await ran(streaming, { forMs: 4_000 }),
      await ran(streaming, { forMs: 4_000, http: 'messages' }),
    ]
    expect(bytes.lines).toContain('n1: /events [200,0,"data: 0\\n\\n",100,"data: 1\\n\\n",200,"data: 2\\n\\n",300]')
    expect(messages.lines).toEqual(bytes.lines)
    expect(messages.trace.some((text) => text.includes(' message data: 0'))).toBe(true)
  })

  test('the HTTP mode "messages" sends requests of fetch and of node:http to the same server', async () => {
    const { lines } = await ran(
      serving(`
      import http from 'node:http'
      await fetch('http://localhost:3000/')
      http.get('http://localhost:3000/', async (answer) => {
        for await (const chunk of answer) console.log(String(chunk))
      })`),
      { http: 'messages' },
    )
    expect(lines).toEqual(['n1: {"value":1}'])
  })

  test('the HTTP mode "messages" sends bytes to a server that accepts only bytes', async () => {
    const { lines } = await ran(
      serving(`
      import net from 'node:net'
      net.createServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')))
        .listen(7000, async () => console.log(await (await fetch('http://localhost:7000/')).text()))`),
      { http: 'messages' },
    )
    expect(lines).toEqual(['n1: ok'])
  })
})
