import { once } from 'node:events'
import { copyFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { until } from '../../processes.ts'
import { startProxy } from '../../proxy-process.ts'

const getJson = async (url: string): Promise<ReturnType<typeof JSON.parse>> => (await fetch(url)).json()

/** Replies to every gRPC call with an empty message. */
async function grpcServer(): Promise<string> {
  const server = createServer()
  server.on('session', (session) => session.on('error', () => undefined))
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    stream.resume()
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Encodes a message with strings as its first fields. */
function message(...texts: readonly string[]): Buffer {
  const fields = texts.flatMap((text, i) => [Buffer.from([((i + 1) << 3) | 2, text.length]), Buffer.from(text)])
  const bytes = Buffer.concat(fields)
  return Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes])
}

async function call(port: number, path: string, body: Buffer): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.resume()
  stream.end(body)
  await once(stream, 'close')
  session.close()
}

test('a recording HTTP proxy also records gRPC if it has a descriptor, and names gRPC methods without a route', async () => {
  const directory = temporaryDirectory()
  const routes = join(directory, 'routes.json')
  const history = join(directory, 'history.jsonl')
  copyFileSync(new URL('../../../../proxy/test/grpc/kv.desc', import.meta.url), join(directory, 'kv.desc'))
  const put = { request: 'GRPC /kv.v1.Store/Put', f: 'write', key: 'json.key', value: 'json.value' }
  writeFileSync(routes, JSON.stringify({ descriptor: 'kv.desc', routes: [put] }))
  const { url, child, finished } = await startProxy([
    '--upstream',
    await grpcServer(),
    '--record',
    routes,
    '--out',
    history,
  ])
  const [{ listen }] = await getJson(`${url}/v1/proxies`)
  const port = Number(listen.split(':')[1])
  await call(port, '/kv.v1.Store/Put', message('x', 'one'))
  await call(port, '/kv.v1.Store/Cas', message('x', 'one', 'two'))
  await until(async () => (await getJson(`${url}/v1/recording`)).unmatched === 1)
  expect(await getJson(`${url}/v1/recording`)).toMatchObject({ operations: 1, ok: 1, unmatched: 1 })
  child.kill('SIGTERM')
  expect((await finished).stdout).toContain('recorded 1 operations (1 ok, 0 failed, 0 of unknown outcome)')
  const checked = await chaos(['check', history, '--model', 'register'])
  expect(checked.stdout + checked.stderr).toContain('POST /kv.v1.Store/Cas')
  expect(checked.exitCode).toBe(2)
})
