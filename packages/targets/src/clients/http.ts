import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  addressText,
  type Completion,
  type Input,
  inputError,
  type Json,
  readsWhole,
  replacesWhole,
  UserError,
} from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import {
  answered,
  beginningIn,
  compileRequestMaker,
  createVersions,
  GENERATOR_CLIENT,
  generatorTable,
  type MadeRequest,
  parseRouteTable,
  REFUSAL_BYTES,
  type RequestMaker,
  requestText,
  requireFunctions,
  requireRequests,
} from '@chaosproxy/recorder/routes'
import type { Client } from '@chaosproxy/runner'
import type { Answer } from '@chaosproxy/wire/http'
import * as v from 'valibot'
import { type ClientKind, keys } from './client-kind.ts'
import { type ExchangeWatch, requestTextOf } from './exchange.ts'
import { createFirstExchanges } from './first-exchanges.ts'
import { type HttpReplies, httpReplies } from './http-replies.ts'
import { compileKeyNames, type NameKey } from './keys.ts'
import { type ExchangeEnd, openLine } from './line.ts'
import type { NodeAddress, PlannedClients } from './planned-clients.ts'
import { createProbation, type Probation } from './probation.ts'

/** Declares clients of an HTTP service. A route table describes the requests. */
export interface HttpDeclaration {
  readonly kind: 'http'
  /** The path of a route table, or the table itself. */
  readonly routes: string | { readonly [member: string]: unknown }
  /**
   * A template of the names of objects. `{key}` is the workload's key, `{number}` is counted from 1, `{run}` differs
   * between runs, and `{uuid}` between keys and runs.
   */
  readonly keys?: string | undefined
}

/** An HTTP client without code. The route table that recognises operations also creates the requests. */
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
    begins: beginningIn(table, at),
    carries: ({ initial }) => ({ kind: 'http', table: generatorTable(table, initial), websocket: false }),
    async open({ operations, logDir, broke, run = Date.now().toString(36) }) {
      const maker = compileRequestMaker(generatorTable(table, operations.initial), at)
      requireFunctions(maker, operations.functions, at)
      const isOfOne = requireRequests(maker, operations, at)
      const shared: HttpClients = {
        maker,
        isOfOne,
        nameKey: namesFor(run),
        probation: createProbation(broke),
        watch: createFirstExchanges(broke, () => performance.now()),
      }
      let isOfTexts = false
      return {
        async rehearse(nodes, signal) {
          const { rehearse } = await import('./rehearse.ts')
          // A key gets its number at its first use, so these calls number the keys in order.
          for (const { key } of operations.before ?? []) if (key !== undefined) shared.nameKey(key)
          const unwatched = { ...shared, probation: createProbation(() => {}), keepBytes: SHOWN_BYTES }
          const connect = (address: NodeAddress, watch: ExchangeWatch, name: string | undefined) =>
            httpClient(address, { ...unwatched, watch, ...(name === undefined ? {} : { nameKey: () => name }) })
          const leavesOpen = (status: number) =>
            table.routes.some(
              (route) =>
                'outcomes' in route &&
                route.outcomes?.[String(status)] === 'info' &&
                !('f' in route && readsWhole(route.f)),
            )
          const rehearsed = await rehearse({ operations, at, logDir, nodes, isOfOne, leavesOpen, connect, signal })
          isOfTexts = rehearsed.isOfTexts
          return rehearsed
        },
        requestOf(input) {
          const { f, key, value } = input
          const named = key === undefined ? input : isOfOne ? { f, value } : { f, key: shared.nameKey(key), value }
          const made = maker.make(named, { session: 'nobody', requestId: '0', final: false })
          return made.type === 'made' ? requestTextOf(made.request) : undefined
        },
        connect: (address) => httpClient(address, { ...shared, isOfTexts }),
        close: async () => {},
      }
    },
  }
}

/** Returns the route table, which is inline or in a file. */
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
    throw inputError(`${where}: "routes" is ${JSON.stringify(routes)}: ${whyUnreadable(error)}`)
  }
  try {
    return { table: parseRouteTable(JSON.parse(text), routes), at: routes }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw inputError(`${routes}: this is not valid JSON: ${(error as Error).message}`)
  }
}

interface HttpClients {
  readonly maker: RequestMaker
  /** Whether there is only one object, so that requests contain no key. */
  readonly isOfOne: boolean
  readonly nameKey: NameKey
  readonly probation: Probation
  readonly watch: ExchangeWatch
  readonly isOfTexts?: boolean | undefined
  /** The number of bytes of a body to keep even if the operation does not need it. */
  readonly keepBytes?: number | undefined
}

/** The number of bytes of a reply to keep: enough to show the reply, and to find a value in it. */
const SHOWN_BYTES = 16 * 1024

export function httpClient(address: NodeAddress, shared: HttpClients): Client {
  const { maker, isOfOne, nameKey, probation, watch, isOfTexts = false, keepBytes = 0 } = shared
  const line = openLine<Answer, HttpReplies>(address, httpReplies)
  const versions = createVersions(maker)
  let requests = 0

  return {
    invoke({ input, session, harmless, final = false }, timeoutMs, completed) {
      requests++
      const { f, key } = input
      const value = isOfTexts ? textsIn(input) : input.value
      const named = versions.named(key === undefined ? input : isOfOne ? { f, value } : { f, key: nameKey(key), value })
      const asker = {
        session: session?.client ?? 'nobody',
        requestId: session === undefined ? String(requests) : `${session.client}-${session.sequence}`,
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
      const answeredAs = watch.requested(input, made.request)
      line.ask({
        bytes: requestText(made, addressText(address)),
        prepare: (reader) => reader.expect(made.request.method, Math.max(made.answerBytes, keepBytes, REFUSAL_BYTES)),
        timeoutMs,
        ended(end) {
          const completion = completionOf(end, made, harmless)
          versions.learned(named, completion)
          if (end.type === 'reply') answeredAs(end.reply, completion)
          completed(completion)
        },
      })
    },
    close: () => line.close(),
  }
}

/** Returns the value of an input. If the operation is a cas or replaces the whole value, numbers become texts. */
function textsIn({ f, value }: Input): Json {
  if (!replacesWhole(f) && f !== 'cas') return value
  return Array.isArray(value) ? value.map(textOf) : textOf(value)
}

const textOf = (value: Json): Json => (typeof value === 'number' ? String(value) : value)

/**
 * Returns the completion that the route table assigns to a reply. Without a reply, the outcome is unknown unless the
 * request was never sent.
 */
function completionOf(end: ExchangeEnd<Answer>, made: MadeRequest, harmless: boolean): Completion {
  if (end.type === 'lost') return { type: end.neverLeft || harmless ? 'fail' : 'info', error: end.why }
  return answered(made, end.reply, harmless)
}
