import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Completion, Input, Json } from '@chaosproxy/history'
import { UserError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import {
  compileRequestMaker,
  GENERATOR_CLIENT,
  generatorTable,
  type MadeRequest,
  parseRouteTable,
  type RequestMaker,
  type RouteTable,
  requireFunctions,
} from '@chaosproxy/recorder/routes'
import type { AskedOperations, Client } from '@chaosproxy/runner'
import type { Answer } from '@chaosproxy/wire/http'
import type { HttpDeclaration } from './declaration.ts'
import { type HttpReplies, httpReplies } from './http-replies.ts'
import { compileKeyNames, type NameKey } from './keys.ts'
import { type ExchangeEnd, openLine } from './line.ts'
import type { NodeAddress, PlannedClients } from './planned-clients.ts'
import { createProbation, type Probation } from './probation.ts'

/** An HTTP client without code: the route table that recognises operations in requests also makes the requests. */
export function planHttp(declaration: HttpDeclaration, where: string, directory: string): PlannedClients {
  const { table, at } = tableOf(declaration.routes, where, directory)
  const namesFor = compileKeyNames(declaration.keys ?? '{key}', where)
  const plain = compileRequestMaker(generatorTable(table, null), at)
  return {
    functions: plain.functions,
    sessions: { by: GENERATOR_CLIENT, named: true },
    mapping: 'routes',
    carries: ({ initial }) => ({ kind: 'http', table: generatorTable(table, initial), websocket: false }),
    async open({ asked, broke, run = Date.now().toString(36) }) {
      const maker = compileRequestMaker(generatorTable(table, asked.initial), at)
      requireFunctions(maker, asked.functions, at)
      const isOfOne = requireRequests(maker, asked, at)
      const shared: HttpClients = { maker, isOfOne, nameKey: namesFor(run), probation: createProbation(broke) }
      return { connect: (address) => httpClient(address, shared), close: async () => {} }
    },
  }
}

/** Given inline, or in a file relative to the declaration. */
function tableOf(
  routes: HttpDeclaration['routes'],
  where: string,
  directory: string,
): { readonly table: RouteTable; readonly at: string } {
  if (typeof routes !== 'string') return { table: parseRouteTable(routes, `${where}: "routes"`), at: where }
  const path = resolve(directory, routes)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('input', `${where}: "routes" is ${JSON.stringify(routes)}: ${whyUnreadable(error)}`)
  }
  try {
    return { table: parseRouteTable(JSON.parse(text), routes), at: routes }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('input', `${routes}: not JSON: ${(error as Error).message}`)
  }
}

/** One value of the kind that workloads pass to each function. */
const SAMPLES: { readonly [f: string]: Json } = {
  read: null,
  get: null,
  write: 1,
  put: 'a',
  append: 'a',
  cas: [1, 2],
  add: 1,
  subtract: 1,
  remove: 1,
  contains: 1,
  enqueue: 1,
  dequeue: null,
}

/**
 * A route that cannot make a request now never will. Returns whether the routes are about one fixed object (`GET
 * /counter`), which then stands for the only one that clients use. @throws UserError (input)
 */
function requireRequests(maker: RequestMaker, { functions, before = [] }: AskedOperations, at: string): boolean {
  const asker = { session: 'process-0', requestId: 'process-0-1', final: false }
  /** The functions with routes for no key but a fixed one, with that key, and why they have no other. */
  const fixed = new Map<string, { readonly key: string | undefined; readonly why: string }>()
  for (const f of functions) {
    const value = SAMPLES[f]
    if (value === undefined) continue
    const made = maker.make({ f, key: 'x', value }, asker)
    if (made.type === 'made') continue
    const plain = maker.make({ f, value }, asker)
    if (plain.type !== 'made') throw new UserError('input', `${made.why}.`)
    fixed.set(f, { key: plain.key, why: made.why })
  }
  const used = new Set(before.flatMap(({ key }) => key ?? []))
  const [first, ...others] = fixed.values()
  if (first === undefined || used.size === 0) return false
  if (used.size > 1) throw new UserError('input', `${first.why}.`)
  const names = [...fixed.keys()].join(' and ')
  if (fixed.size < functions.length || others.some(({ key }) => key !== first.key))
    throw new UserError(
      'input',
      `${at}: some routes are about a fixed object, others are not, or about another (${names}). Give all of them the same "key".`,
    )
  return true
}

/** Shared by the clients of a run. */
export interface HttpClients {
  readonly maker: RequestMaker
  /** Whether requests name no key, since there is only one object. */
  readonly isOfOne: boolean
  readonly nameKey: NameKey
  readonly probation: Probation
}

/** A client for one node. */
export function httpClient(address: NodeAddress, { maker, isOfOne, nameKey, probation }: HttpClients): Client {
  const line = openLine<Answer, HttpReplies>(address, httpReplies)
  /** The last version of each object that this client has seen. */
  const versions = new Map<string, Json>()
  let asked = 0

  function withVersion(input: Input): Input | string {
    const { f, key, value } = input
    if (f !== 'cas' || !maker.speaksVersions(f)) return input
    const version = versions.get(key ?? '')
    if (version === undefined) return `no version of ${key ?? 'it'} is known yet that a cas could expect`
    return { ...input, value: [version, Array.isArray(value) ? ((value as readonly Json[])[1] ?? null) : value] }
  }

  function learned({ key = '' }: Input, completion: Completion): void {
    if (completion.type !== 'ok') return
    const { value } = completion
    const version = Array.isArray(value) ? (value as readonly Json[])[1] : value
    if (version === null || version === undefined) versions.delete(key)
    else versions.set(key, version)
  }

  return {
    invoke({ input, session, harmless, final = false }, timeoutMs, completed) {
      asked++
      const { f, key, value } = input
      const named = withVersion(key === undefined ? input : isOfOne ? { f, value } : { f, key: nameKey(key), value })
      const asker = {
        session: session?.client ?? 'nobody',
        requestId: session === undefined ? String(asked) : `${session.client}-${session.sequence}`,
        final,
      }
      const made = typeof named === 'string' ? undefined : maker.make(named, asker)
      if (typeof named === 'string' || made?.type !== 'made') {
        const why = typeof named === 'string' ? named : made?.type === 'impossible' ? made.why : ''
        if (typeof named !== 'string') probation.failed(f, why)
        queueMicrotask(() => completed({ type: 'fail', error: `not asked: ${why}` }))
        return
      }
      probation.passed(f)
      line.ask({
        bytes: requestText(made, address),
        prepare: (reader) => reader.expect(made.request.method, made.answerBytes),
        timeoutMs,
        ended(end) {
          const completion = completionOf(end, made, harmless)
          if (maker.speaksVersions('cas')) learned(named, completion)
          completed(completion)
        },
      })
    },
    close: () => line.close(),
  }
}

/** Adds a Host header unless the table gives one. */
function requestText({ request }: MadeRequest, { host, port }: NodeAddress): string {
  const { method, target, headers, body } = request
  const given = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const isNamed = headers.some(([name]) => name.toLowerCase() === 'host')
  const own = isNamed ? '' : `Host: ${host.includes(':') ? `[${host}]` : host}:${port}\r\n`
  const length = body === '' && !WITH_BODY.has(method) ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  return `${method} ${target} HTTP/1.1\r\n${own}${given}${length}\r\n${body}`
}

/** Servers expect a Content-Length for these even if the body is empty (RFC 9110 §8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * The route table says what an answer means. Without an answer the operation is indefinite, unless the request was
 * never sent.
 */
function completionOf(end: ExchangeEnd<Answer>, made: MadeRequest, harmless: boolean): Completion {
  if (end.type === 'lost') return { type: end.neverLeft || harmless ? 'fail' : 'info', error: end.why }
  const completion = made.complete(end.reply)
  switch (completion.type) {
    case 'ok':
      return 'value' in completion ? completion : { type: harmless ? 'fail' : 'info', error: 'an answer of entries' }
    case 'fail':
      return completion
    case 'info':
    case 'not-understood':
      return { type: harmless ? 'fail' : 'info', error: completion.error }
  }
}
