import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../../testing/src/chaos.ts'

const ROUTES = [
  { request: 'GET /{key}', f: 'read', result: 'json.value' },
  { request: 'PUT /{key}', f: 'write', value: 'json.value' },
]

const SERVER = `import { createServer } from 'node:http'
createServer(async (request, response) => {
  for await (const _ of request);
  response.setHeader('content-type', 'application/json').end('{"value":1}')
}).listen(Number(process.argv[2]), '127.0.0.1')`

/** A directory with a service that answers every request with {"value":1}, and the command that records it. */
export function valueService(): { readonly cwd: string; readonly record: readonly string[] } {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'routes.json'), JSON.stringify({ initial: 'unknown', routes: ROUTES }))
  writeFileSync(join(cwd, 'server.mjs'), SERVER)
  return { cwd, record: ['record', '--serve', 'node server.mjs {port}', '--as', 'routes.json', '--out', cwd] }
}

/** The client writes the value, and reads it back. */
export const WRITE_AND_READ: readonly string[] = [
  ...['--', 'node', '-e'],
  `fetch("http://{n1}/x", { method: "PUT", body: '{"value":1}' }).then(() => fetch("http://{n1}/x"))`,
]
