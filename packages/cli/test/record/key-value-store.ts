import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** The route table for a store over HTTP. */
export const ROUTES = {
  client: 'header.X-Client',
  initial: { value: null },
  routes: [
    { request: 'GET /kv/{key}', f: 'read', key: 'path.key', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', key: 'path.key', value: 'json.value' },
  ],
}

/**
 * Stores `written` unless it is undefined, and returns the reply. If the result is undefined, the server never replies.
 */
export type Answer = (values: Map<string, unknown>, key: string, written: unknown) => unknown

export const answerPlainly: Answer = (values, key, written) => {
  if (written !== undefined) values.set(key, written)
  return values.get(key) ?? null
}

/** Starts a store of values at `/kv/KEY`, and returns its address. The store is closed at the end of the test. */
export async function storeOverHttp(answer: Answer = answerPlainly): Promise<string> {
  const values = new Map<string, unknown>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const key = (request.url ?? '').slice('/kv/'.length)
      const value = answer(values, key, request.method === 'PUT' ? JSON.parse(body).value : undefined)
      if (value === undefined) return
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ value }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
