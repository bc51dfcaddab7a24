import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Completion, UserError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import {
  answered,
  compileRequestMaker,
  createVersions,
  GENERATOR_CLIENT,
  generatorTable,
  type MadeRequest,
  parseRouteTable,
  type RequestMaker,
  requestText,
  requireFunctions,
  requireRequests,
} from '@chaosproxy/recorder/routes'
import type { Client } from '@chaosproxy/runner'
import type { Answer } from '@chaosproxy/wire/http'
import * as v from 'valibot'
import { type ClientKind, keys } from './client-kind.ts'
import { createFirstExchanges, type FirstExchanges } from './first-exchanges.ts'
import { type HttpReplies, httpReplies } from './http-replies.ts'
import { compileKeyNames, type NameKey } from './keys.ts'
import { type ExchangeEnd, openLine } from './line.ts'
import type { NodeAddress, PlannedClients } from './planned-clients.ts'
import { createProbation, type Probation } from './probation.ts'

/** A route table describes the requests. */
export interface HttpDeclaration {
  readonly kind: 'http'
  /** The path of a table, or the table itself. */
  readonly routes: string | { readonly [member: string]: unknown }
  /** The service's names for objects: `{key}`, `{number}` (counted from 1), `{run}` (differs between runs). */
  readonly keys?: string | undefined
}

/** An HTTP client without code: the route table that recognises operations in requests also makes the requests. */
export const http: ClientKind<HttpDeclaration> = {
  kind: 'http',
  entries: {
    routes: v.pipe(
      v.union(
        [v.string(), v.record(v.string(), v.unknown())],
        'must be a file with a route table, or the table itself',
      ),
      v.description('the route table: a file, or the table itself'),
    ),
    keys,
  },
  plan: planHttp,
}

function planHttp(declaration: HttpDeclaration, where: string, directory: string): PlannedClients {
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
      const shared: HttpClients = {
        maker,
        isOfOne,
        nameKey: namesFor(run),
        probation: createProbation(broke),
        first: createFirstExchanges(broke, () => performance.now()),
      }
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

/** Shared by the clients of a run. */
export interface HttpClients {
  readonly maker: RequestMaker
  /** Whether requests contain no key, because there is only one object. */
  readonly isOfOne: boolean
  readonly nameKey: NameKey
  readonly probation: Probation
  readonly first: FirstExchanges
}

export function httpClient(address: NodeAddress, { maker, isOfOne, nameKey, probation, first }: HttpClients): Client {
  const line = openLine<Answer, HttpReplies>(address, httpReplies)
  const versions = createVersions(maker)
  let asked = 0

  return {
    invoke({ input, session, harmless, final = false }, timeoutMs, completed) {
      asked++
      const { f, key, value } = input
      const named = versions.named(key === undefined ? input : isOfOne ? { f, value } : { f, key: nameKey(key), value })
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
      const answeredFirst = first.asked(input, made.request)
      line.ask({
        bytes: requestText(made, authorityOf(address)),
        prepare: (reader) => reader.expect(made.request.method, made.answerBytes),
        timeoutMs,
        ended(end) {
          const completion = completionOf(end, made, harmless)
          versions.learned(named, completion)
          if (end.type === 'reply') answeredFirst(end.reply, completion)
          completed(completion)
        },
      })
    },
    close: () => line.close(),
  }
}

const authorityOf = ({ host, port }: NodeAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/**
 * The route table gives the meaning of a reply. Without a reply the outcome is unknown, unless the request was never
 * sent.
 */
function completionOf(end: ExchangeEnd<Answer>, made: MadeRequest, harmless: boolean): Completion {
  if (end.type === 'lost') return { type: end.neverLeft || harmless ? 'fail' : 'info', error: end.why }
  return answered(made, end.reply, harmless)
}
