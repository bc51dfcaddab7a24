import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ServiceError } from '@grpc/grpc-js'
import * as grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { parseRouteTable } from '../../../recorder/src/routes/parsing/parse-table.ts'
import type { RouteTable } from '../../../recorder/src/routes/table/route-table.ts'
import { cleanUp } from '../../../testing/src/sockets.ts'

const loaded = loadSync(fileURLToPath(new URL('kv.proto', import.meta.url)), { keepCase: true, longs: String })
// The loader returns untyped definitions.
const { Store } = (
  grpc.loadPackageDefinition(loaded) as unknown as { kv: { v1: { Store: grpc.ServiceClientConstructor } } }
).kv.v1

export const kvDescriptor: { readonly base64: string } = {
  base64: readFileSync(new URL('kv.desc', import.meta.url)).toString('base64'),
}

export const kvRoutes: readonly object[] = [
  {
    request: 'GRPC /kv.v1.Store/Get',
    f: 'read',
    key: 'json.key',
    result: 'json.value',
    outcomes: { 'grpc NOT_FOUND': 'absent' },
  },
  { request: 'POST /kv.v1.Store/Put', f: 'write', key: 'json.key', value: 'json.value' },
  { request: 'GRPC /kv.v1.Store/Cas', f: 'cas', key: 'json.key', value: ['json.old', 'json.new'] },
]

/** The route table of the service below. */
export const kvTable: RouteTable = parseRouteTable({ descriptor: kvDescriptor, routes: kvRoutes }, 'kv.json')

type Message = { readonly [name: string]: string }
type Call = grpc.ServerUnaryCall<Message, Message>
type Callback = grpc.sendUnaryData<Message>

export interface GrpcService {
  readonly host: string
  readonly port: number
  readonly store: Map<string, string>
  /** The writes that the service executed, in order. */
  readonly journal: string[]
}

/**
 * A key-value service, as applications write it with gRPC's own library. It responds to a key `status N` with the
 * status N.
 *
 * @param delayed is awaited between the execution of a write and its response.
 */
export async function kvService(delayed: () => Promise<void> = async () => undefined): Promise<GrpcService> {
  const store = new Map<string, string>()
  const journal: string[] = []
  const statusOf = (key: string) =>
    key.startsWith('status ') ? { code: Number(key.slice(7)), details: key } : undefined
  const server = new grpc.Server()
  server.addService(Store.service, {
    Get({ request }: Call, answer: Callback) {
      const { key = '' } = request
      const value = store.get(key)
      const status = statusOf(key) ?? (value === undefined ? { code: grpc.status.NOT_FOUND } : undefined)
      if (status !== undefined) answer(status)
      else answer(null, { value: value ?? '' })
    },
    async Put({ request }: Call, answer: Callback) {
      const { key = '', value = '', id = '' } = request
      const status = statusOf(key)
      if (status === undefined) {
        store.set(key, value)
        journal.push(id === '' ? `${key}=${value}` : id)
        await delayed()
      }
      answer(status ?? null, {})
    },
    Cas({ request }: Call, answer: Callback) {
      const { key = '', old = '', new: next = '' } = request
      if (store.get(key) !== old) {
        answer({ code: grpc.status.FAILED_PRECONDITION })
        return
      }
      store.set(key, next)
      answer(null, {})
    },
    Watch(call: grpc.ServerWritableStream<Message, Message>) {
      call.write({ key: 'x' })
      call.write({ key: 'y' })
      call.end()
    },
    PutMany(call: grpc.ServerReadableStream<Message, Message>, answer: Callback) {
      call.on('data', ({ key = '', value = '' }: Message) => store.set(key, value))
      call.on('end', () => answer(null, {}))
    },
  })
  const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', grpc.ServerCredentials.createInsecure())
  cleanUp(() => server.forceShutdown())
  return { host: '127.0.0.1', port, store, journal }
}

export type GrpcAnswer = { readonly answer: Message } | { readonly status: number }

/** A client that never retries. */
export function kvClient(port: number, options: grpc.ClientOptions = {}) {
  const client = new Store(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    ...options,
  })
  cleanUp(() => client.close())
  type Method = (
    request: Message,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    callback: (error: ServiceError | null, answer: Message) => void,
  ) => grpc.ClientUnaryCall
  const methods = client as unknown as { [name: string]: Method }
  return {
    client,
    call: (name: 'Get' | 'Put' | 'Cas', request: Message, options: grpc.CallOptions = {}) =>
      new Promise<GrpcAnswer>((resolve) =>
        methods[name]?.call(client, request, new grpc.Metadata(), options, (error, answer) =>
          resolve(error === null ? { answer } : { status: error.code }),
        ),
      ),
  }
}
