// Pages of 200 KB, which n1 keeps as files. PUT /pages/PAGE with {"edition": N} writes a page with N on each line. GET
// /pages/PAGE returns the edition of the page, {"edition": N}. The other nodes fetch pages from n1 with undici's
// RetryAgent.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import express from 'express'
import { Agent, fetch, RetryAgent } from 'undici'

const origin = process.env.NODE_ID === 'n1' ? '' : process.env.ORIGIN
const agent = new Agent()
const dispatcher = new RetryAgent(agent, { minTimeout: 50 })
const LINES = 20_000
/** The cure: a strong ETag, which differs for pages with different bytes. */
const setHeaders = (response, path) =>
  response.set('ETag', `"${createHash('sha1').update(readFileSync(path)).digest('hex')}"`)
const app = express()
app.use(express.json())

if (origin === '') {
  mkdirSync('pages', { recursive: true })
  // By default, express serves files with a weak ETag, and answers range requests.
  app.use('/files', express.static('pages', process.env.ETAGS === 'strong' ? { etag: false, setHeaders } : {}))
  app.put('/pages/:page', ({ params, body }, response) => {
    writeFileSync('pages/new', `${body.edition}`.padStart(9).concat('\n').repeat(LINES))
    renameSync('pages/new', `pages/${params.page}`)
    response.end()
  })
} else {
  app.put('/pages/:page', async ({ params, body }, response) => {
    const headers = { 'content-type': 'application/json' }
    const { status } = await fetch(`${origin}/pages/${params.page}`, {
      method: 'PUT',
      headers,
      body: JSON.stringify(body),
      dispatcher: agent,
    })
    response.status(status).end()
  })
}

app.get('/pages/:page', async ({ params }, response) => {
  const answer = await fetch(`${origin || `http://127.0.0.1:${process.env.PORT}`}/files/${params.page}`, { dispatcher })
  if (answer.status === 404) return response.status(404).end()
  const editions = new Set((await answer.text()).trim().split('\n').map(Number))
  response.json({ edition: editions.size === 1 ? [...editions][0] : `pieces of ${[...editions].join(' and ')}` })
})
app.use((_error, _request, response, _next) => response.status(503).end())

app.listen(Number(process.env.PORT))
