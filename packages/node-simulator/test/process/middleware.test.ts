import { expect, test } from 'vitest'
import { type Ran, ran } from '../../../testing/src/simulated.ts'

/** An Express application with common middleware. The application sends requests to itself. */
const onExpress = `
  import cookieParser from 'cookie-parser'
  import cors from 'cors'
  import express from 'express'
  import session from 'express-session'
  import helmet from 'helmet'
  import morgan from 'morgan'

  const app = express()
  app.use(morgan('tiny'), helmet(), cors({ origin: 'https://shop.example', credentials: true }))
  app.use(cookieParser('a secret'), session({ secret: 'another', resave: false, saveUninitialized: true }))
  app.use(express.json(), express.urlencoded())
  app.get('/visits', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1
    response.cookie('seen', 'yes', { signed: true }).json({ visits: request.session.visits, seen: request.signedCookies.seen ?? null })
  })
  app.post('/said', (request, response) => response.json(request.body))
  app.get('/broken', async () => {
    throw new Error('on purpose')
  })
  app.use((error, request, response, next) => response.status(500).json({ error: error.message }))

  const server = app.listen(process.env['PORT'], async () => {
    const url = 'http://localhost:' + server.address().port
    const first = await fetch(url + '/visits', { headers: { Origin: 'https://shop.example' } })
    const cookies = first.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ')
    console.log(first.headers.get('access-control-allow-origin'), first.headers.get('x-content-type-options'))
    console.log(cookies.replace(/=[^;]*/g, ''), await first.text())
    console.log(await (await fetch(url + '/visits', { headers: { Cookie: cookies } })).text())
    console.log((await fetch(url + '/visits', { method: 'OPTIONS', headers: { Origin: 'https://shop.example' } })).status)
    console.log(await (await fetch(url + '/said', { method: 'POST', body: new URLSearchParams({ a: '1' }) })).text())
    console.log(await (await fetch(url + '/broken')).text(), (await fetch(url + '/nowhere')).status)
    console.log('session', cookies)
  })
`

const onFastify = `
  import cors from '@fastify/cors'
  import Fastify from 'fastify'

  const app = Fastify({ logger: true })
  await app.register(cors, { origin: 'https://shop.example' })
  const schema = { body: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } }
  app.post('/doubled', { schema }, async ({ body }) => ({ twice: body.n * 2 }))
  await app.listen({ port: Number(process.env['PORT']) })

  const url = 'http://localhost:3000/doubled'
  const headers = { 'Content-Type': 'application/json', Origin: 'https://shop.example' }
  const answer = await fetch(url, { method: 'POST', headers, body: '{"n":"4"}' })
  console.log(answer.headers.get('access-control-allow-origin'), await answer.text())
  console.log((await (await fetch(url, { method: 'POST', headers, body: '{}' })).json()).message)
  const asked = { ...headers, 'Access-Control-Request-Method': 'POST' }
  console.log((await fetch(url, { method: 'OPTIONS', headers: asked })).status)
`

const said = ({ lines }: Ran): readonly string[] => lines.map((line) => line.slice('n1: '.length))

test('express with cors, helmet, morgan, cookies and sessions gives the same bytes for the same seed', async () => {
  const [one, same, other] = [await ran(onExpress), await ran(onExpress), await ran(onExpress, { seed: 2 })]
  const sessionOf = (run: Ran) => said(run).find((line) => line.startsWith('session '))
  const [logged, answered] = [/^[A-Z]+ \/\w+ \d+ \d+ - [\d.]+ ms$/, said(one).filter((line) => line !== sessionOf(one))]
  expect(answered.filter((line) => !logged.test(line))).toEqual([
    // As in production.
    'Warning: connect.session() MemoryStore is not',
    'designed for a production environment, as it will leak',
    'memory, and will not scale past a single process.',
    'https://shop.example nosniff',
    'seen; connect.sid {"visits":1,"seen":null}',
    '{"visits":2,"seen":"yes"}',
    '204',
    '{"a":"1"}',
    '{"error":"on purpose"} 404',
  ])
  expect(answered.filter((line) => logged.test(line)).length).toBe(6)
  expect(sessionOf(one)).toMatch(/connect\.sid=s%3A/)
  expect([same.lines, same.trace]).toEqual([one.lines, one.trace])
  expect(sessionOf(other)).not.toBe(sessionOf(one))
})

test('fastify with its logger, schemas and cors gives the same bytes for the same seed', async () => {
  const [one, same] = [await ran(onFastify), await ran(onFastify)]
  expect(said(one).filter((line) => !line.startsWith('{'))).toEqual([
    'https://shop.example {"twice":8}',
    "body must have required property 'n'",
    '204',
  ])
  const records = said(one).filter((line) => line.startsWith('{'))
  expect(records.map((line) => JSON.parse(line)).flatMap(({ res }) => res?.statusCode ?? [])).toEqual([
    200, 400, 400, 204,
  ])
  expect([same.lines, same.trace]).toEqual([one.lines, one.trace])
})

test('the package compression is refused, because its streams work in threads', async () => {
  const compressed = `
    import compression from 'compression'
    import express from 'express'
    const app = express()
    app.use(compression({ threshold: 0 }))
    app.get('/', (request, response) => response.json({}))
    app.listen(process.env['PORT'], () => fetch('http://localhost:3000/', { headers: { 'Accept-Encoding': 'gzip' } }))`
  await expect(ran(compressed)).rejects.toThrow(/on n1, zlib\.createGzip cannot be simulated/)
})
