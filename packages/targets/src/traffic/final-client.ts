import type { Input } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { SpokenProtocol } from '@chaosproxy/recorder/protocols'
import { type CommandSpec, nameOfField, nameOfKey } from '@chaosproxy/recorder/redis'
import { compileRequestMaker, createSpellings } from '@chaosproxy/recorder/routes'
import { FrameReader, type Framing } from '@chaosproxy/wire'
import { commandsOf, isTableName } from '../clients/commands.ts'
import type { ExchangeWatch } from '../clients/exchange.ts'
import { httpClient } from '../clients/http.ts'
import { openLine, type ReplySource } from '../clients/line.ts'
import { createProbation } from '../clients/probation.ts'
import { respClient } from '../clients/resp.ts'
import type { ReadFinally } from './read-finally.ts'

/** The default header of final reads. */
const FINAL = 'Chaos-Final'

/** Adds the header `FINAL`, which marks final reads, to a route table that does not name a header for this purpose. */
export const withFinal = (carries: Carriage): Carriage =>
  carries.kind === 'http' && carries.table !== undefined && carries.table.final === undefined
    ? { ...carries, table: { ...carries.table, final: FINAL } }
    : carries

/** Records how clients spell keys in paths, because final reads use the same spellings. */
export const withSpellings = (carries: Carriage): Carriage =>
  carries.kind === 'http' && carries.table !== undefined
    ? { ...carries, table: { ...carries.table, spellings: createSpellings() } }
    : carries

/** Returns how to read keys at the end; undefined if no request can read a key. */
export function readFinallyBy(carries: Carriage, where: string): ReadFinally | undefined {
  if (carries.kind === 'spoken') return ownReaders[carries.protocol.kind]?.(carries.model) ?? readSpoken(carries)
  if (carries.kind !== 'http' || carries.table === undefined) return undefined
  return byTable(carries.table, where)
}

/**
 * Protocols whose own client can read keys without a route table. Other protocols may define messages that read keys:
 * see `readSpoken`.
 */
const ownReaders: { readonly [protocol: string]: (model: string) => ReadFinally | undefined } = { resp: byCommands }

/** Reads the keys of database 0 under their own names. Reads fields of hashes, too. */
function byCommands(model: string): ReadFinally | undefined {
  const read = isTableName(model) ? commandsOf(model)['read'] : undefined
  if (read === undefined) return undefined
  const readField: CommandSpec = { send: ['HGET', '{key}', '{value}'], result: 'text' }
  const shared = { table: { read, readField: [readField] }, probation: nobody }
  const isPlain = (key: string) => nameOfKey('0', key) === key
  return {
    canRead: (key) => isPlain(key) || fieldOf(key) !== undefined,
    connect(address) {
      const client = respClient(address, shared)
      return {
        invoke(request, timeoutMs, completed) {
          const { key = '' } = request.input
          const field = fieldOf(key)
          if (isPlain(key)) client.invoke(request, timeoutMs, completed)
          else if (field !== undefined) client.invoke({ ...request, input: field }, timeoutMs, completed)
          else
            queueMicrotask(() =>
              completed({ type: 'fail', error: `${key} is neither a key of database 0 nor a field of a hash` }),
            )
        },
        close: () => client.close(),
      }
    },
  }
}

/** Parses the name of a hash's field in a record: `hash[field]`. */
function fieldOf(name: string): Input | undefined {
  const [, key = '', value = ''] = /^([^[]+)\[([^[\]]*)\]$/.exec(name) ?? []
  return key !== '' && nameOfField(nameOfKey('0', key), value) === name ? { f: 'readField', key, value } : undefined
}

const nobody = createProbation(() => {})
const unwatched: ExchangeWatch = { requested: () => () => {} }

function byTable(table: RouteTable, where: string): ReadFinally | undefined {
  const maker = compileRequestMaker(table, where)
  if (!maker.functions.includes('read')) return undefined
  // Makes only requests that read exactly the recorded key.
  const exact: typeof maker = {
    ...maker,
    make(input, asker) {
      const keyed = maker.make(input, asker)
      // Some routes have no place for a key, and read one fixed object. The request is therefore also tried without the
      // key.
      const made = keyed.type === 'made' ? keyed : maker.make({ f: input.f, value: input.value }, asker)
      return made.type === 'impossible' || made.key === input.key
        ? made
        : { type: 'impossible', why: `the request would read ${made.key}, not ${input.key}` }
    },
  }
  const asker = { session: '', requestId: '', final: true }
  return {
    canRead: (key) => exact.make({ f: 'read', key, value: null }, asker).type === 'made',
    connect: (address) =>
      httpClient(address, {
        maker: exact,
        isOfOne: false,
        nameKey: (key) => key,
        probation: nobody,
        watch: unwatched,
      }),
  }
}

/** Longer replies are not read. */
const MOST_BYTES = 16 * 1024 * 1024

/** Reads each key by the protocol's own message, if it has one. */
function readSpoken({ protocol, model }: SpokenProtocol): ReadFinally | undefined {
  const { framing, finalReads } = protocol
  const reads = finalReads?.(model)
  if (reads === undefined) return undefined
  return {
    canRead: (key) => reads.ask(key) !== undefined,
    connect(address) {
      const line = openLine<Buffer, ReplySource<Buffer>>(address, () => answersIn(framing))
      return {
        invoke({ input: { key = '' } }, timeoutMs, completed) {
          const request = reads.ask(key)
          if (request === undefined) {
            queueMicrotask(() => completed({ type: 'fail', error: `nothing asks for ${key}` }))
            return
          }
          const bytes = framing.write(request, 'requests')
          line.ask({
            bytes: () => bytes,
            timeoutMs,
            ended(end) {
              if (end.type === 'lost') completed({ type: 'fail', error: end.why })
              else completed(reads.understood(framing.read(end.reply)))
            },
          })
        },
        close: () => line.close(),
      }
    },
  }
}

function answersIn(framing: Framing): ReplySource<Buffer> {
  const frames = new FrameReader({ scanner: framing.scanner('responses'), maxFrameBytes: MOST_BYTES })
  return {
    read(chunk) {
      const found: Buffer[] = []
      let isRead = true
      frames.read(chunk, {
        frame: (bytes) => found.push(Buffer.from(bytes)),
        loose: () => {
          isRead = false
        },
      })
      const [reply, more] = found
      if (!isRead || more !== undefined) return { type: 'unreadable', why: `this is not an answer of ${framing.name}` }
      return reply === undefined ? { type: 'incomplete' } : { type: 'reply', reply, reusable: true }
    },
    end: () => ({ type: 'unreadable', why: 'the server ended the connection' }),
  }
}
