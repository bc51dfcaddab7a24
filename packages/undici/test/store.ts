import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RecordDraft, type Recording, type Run, record } from 'chaosproxy'
import { onTestFinished } from 'vitest'

export const ROUTES = {
  client: 'header.X-Client',
  initial: { value: null },
  routes: [
    { request: 'GET /kv/{key}', f: 'read', key: 'path.key', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', key: 'path.key', value: 'json.value' },
  ],
}

/** A store over HTTP. If `stale`, a read returns the value that its key had before the last write. */
export function storeListener({ stale = false } = {}): RequestListener {
  const values = new Map<string, unknown>()
  const before = new Map<string, unknown>()
  return (request, response) => {
    const key = request.url ?? ''
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (request.method === 'PUT') {
        before.set(key, values.get(key) ?? null)
        values.set(key, JSON.parse(body).value)
      }
      const value = (stale ? before : values).get(key) ?? null
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ value }))
    })
  }
}

/** Starts a store on a free port; returns its origin. */
export async function store(options?: { readonly stale?: boolean }): Promise<string> {
  const server = createServer(storeListener(options))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-undici-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export async function recording(
  upstream: RecordDraft['upstream'],
  more: Partial<RecordDraft> = {},
): Promise<Recording> {
  const directory = temporaryDirectory()
  const as = join(directory, 'routes.json')
  writeFileSync(as, JSON.stringify(ROUTES))
  const opened = await record({ upstream, as, out: directory, listen: false, seed: 1, ...more })
  // A failed test also stops its recording. If the test has already stopped it, `stop` returns the same promise again.
  onTestFinished(async () => void (await opened.stop().catch(() => undefined)))
  return opened
}

interface RecordedEvent {
  readonly process: number | 'nemesis'
  readonly type: string
  readonly f: string
  readonly [member: string]: unknown
}

/** The events of a record, without their times. */
export const recordOf = ({ directory }: Run): readonly RecordedEvent[] =>
  readFileSync(join(directory, 'history.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line))
    // On a busy machine, the process may stand still for a moment. The record then has a line about this.
    .filter(({ f }) => f !== 'stood-still')
    .map(({ time, index, ...event }) => {
      if (event.process !== 'nemesis' || typeof event.value !== 'object' || event.value === null) return event
      const { began, ended, ...value } = event.value
      return { ...event, value }
    })
