// Forwards orders through an HTTP client that retries. Usage: shop.mjs HOST:PORT ORDERS-HOST:PORT CLIENT blind|keyed
import { randomUUID } from 'node:crypto'
import { createServer, Agent as HttpAgent } from 'node:http'

const [listen = '', orders = '', name = '', mode = 'blind'] = process.argv.slice(2)

/** By name: creates a function that sends a request, retries it at most once, and returns the body of the answer. */
const clients = {
  async 'async-retry'() {
    const [{ default: retry }, { default: axios }] = await Promise.all([import('async-retry'), import('axios')])
    return ({ method, url, headers }) =>
      retry(async () => (await axios.request({ method, url, headers })).data, { retries: 1, minTimeout: 10 })
  },
  async 'axios-retry'() {
    const [{ default: axios }, { default: axiosRetry }] = await Promise.all([import('axios'), import('axios-retry')])
    // By default it sends anything again after a network error, a POST too.
    const client = axios.create()
    axiosRetry(client)
    return async (request) => (await client.request(request)).data
  },
  async 'fetch-retry'() {
    const { default: withRetry } = await import('fetch-retry')
    const again = withRetry(fetch)
    return async ({ url, ...rest }) => (await again(url, { ...rest, retries: 1, retryDelay: 10 })).json()
  },
  // By default, got retries only idempotent methods, such as PUT.
  async got() {
    const { default: got } = await import('got')
    return ({ url, ...rest }) =>
      got(url, {
        ...rest,
        retry: { limit: 1, calculateDelay: ({ attemptCount }) => (attemptCount > 1 ? 0 : 10) },
      }).json()
  },
  async ky() {
    const { default: ky } = await import('ky')
    return ({ url, ...rest }) =>
      ky(url, { ...rest, retry: { limit: 1, methods: ['get', 'post', 'put'], delay: () => 10 } }).json()
  },
  async ofetch() {
    const { ofetch } = await import('ofetch')
    return ({ url, ...rest }) => ofetch(url, { ...rest, retry: 1, retryDelay: 10, responseType: 'json' })
  },
  async 'p-retry'() {
    const { default: retry } = await import('p-retry')
    return ({ url, ...rest }) => retry(async () => (await fetch(url, rest)).json(), { retries: 1, minTimeout: 10 })
  },
  async superagent() {
    const { default: superagent } = await import('superagent')
    // By default, superagent opens a new connection for each request. A fault would then break the opening of the
    // connection, not the request.
    const agent = new HttpAgent({ keepAlive: true })
    return async ({ method, url, headers }) =>
      JSON.parse((await superagent(method, url).agent(agent).set(headers).retry(1).buffer(true)).text)
  },
  async undici() {
    const { Agent, request, RetryAgent } = await import('undici')
    const methods = ['GET', 'POST', 'PUT']
    const dispatcher = new RetryAgent(new Agent(), { maxRetries: 1, minTimeout: 10, methods })
    return async ({ url, ...rest }) => (await request(url, { ...rest, dispatcher })).body.json()
  },
}

const send = await clients[name]()
const [host, port] = listen.split(':')
createServer(async ({ method, url }, response) => {
  const keyed = mode === 'keyed' && method !== 'GET'
  const headers = keyed ? { 'Idempotency-Key': randomUUID() } : {}
  try {
    // By default, got retries a PUT but not a POST.
    const sent = method === 'POST' && name === 'got' ? 'PUT' : method
    response.end(JSON.stringify(await send({ method: sent, url: `http://${orders}${url}`, headers })))
  } catch (error) {
    response.writeHead(504).end(error.message)
  }
}).listen(Number(port), host)
