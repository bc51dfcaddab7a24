import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './chaos.ts'

const ROUTES = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' },
    { request: 'POST /kv/{key}', f: 'cas', value: ['json.from', 'json.to'], outcomes: { '409': 'fail' } },
  ],
}

/** Returns a register server with a race: its compare-and-set reads, waits as if for a database, and then writes. */
export const register = (decide: string): string => `
import { createServer, type IncomingMessage } from 'node:http'

const values = new Map<string, unknown>()
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

createServer(async (request, response) => {
  const body = await bodyOf(request)
  const key = (request.url ?? '').slice('/kv/'.length)
  if (request.method === 'PUT') values.set(key, JSON.parse(body).value)
  if (request.method === 'POST') {
    const { from, to } = JSON.parse(body)
    ${decide}
  }
  response.end(JSON.stringify({ value: values.get(key) ?? null }))
}).listen(process.env['PORT'])
`

export const RACING = register(`const now = values.get(key) ?? null
    await wait(2)
    if (now !== from) return void response.writeHead(409).end('{}')
    values.set(key, to)`)
export const CURED = register(`await wait(2)
    if ((values.get(key) ?? null) !== from) return void response.writeHead(409).end('{}')
    values.set(key, to)`)

export function folderWith(program: string): string {
  const folder = temporaryDirectory()
  writeFileSync(join(folder, 'server.ts'), program)
  writeFileSync(join(folder, 'routes.json'), JSON.stringify(ROUTES))
  return folder
}
