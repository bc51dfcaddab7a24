import { quote } from '@chaosproxy/faults'
import { type Completion, inputError, type Json, usageError } from '@chaosproxy/history'
import type { Direction, Framing } from '@chaosproxy/wire'
import { type Interpretation, ok, type Touches, type Understanding } from '../record/call.ts'
import { parseIdentifier } from '../record/naming.ts'
import { type Members, refuseUnknown } from '../record/settings.ts'
import type { InOrderProtocol } from './in-order.ts'
import { defineProtocol, type RecordedProtocol, type SpokenSettings } from './protocol.ts'

/** The meaning of a request: an operation, or a request that is not recorded. */
export type OwnAsked =
  | {
      readonly f: string
      readonly key: string
      /** Null for a read, `[old, new]` for a cas. */
      readonly value: Json
      /** Whether the request has no effect, so that a lost answer does not matter. */
      readonly harmless?: boolean
      /** Whether the request is a final read. */
      readonly final?: boolean
    }
  | {
      /** The kind of a request that is passed on without a record. */
      readonly passes: string
      readonly touches: Touches
    }

/** A user-defined protocol whose server answers each request with one message, in the order of the requests. */
export interface OwnProtocol {
  /** The name on the command line: `--as NAME`, and `NAME://host:port`. */
  readonly name: string
  readonly port: number
  /** The model of the operations, unless `--model` names another model. */
  readonly model: string
  /**
   * Returns a scanner for one direction. `scan` continues the open message at `start`. It returns the position after
   * the message's last byte, -1 if the message needs more bytes, or -2 if the connection has another protocol.
   */
  scanner(direction: Direction): { scan(bytes: Buffer, start: number): number }
  /** Returns the meaning of a request. Throws for an unreadable request, after which nothing more is recorded. */
  asked(request: Buffer): OwnAsked
  /** Returns the completion of an operation, from its reply. */
  answered(request: Extract<OwnAsked, { readonly f: string }>, reply: Buffer): Interpretation
  /** How to read a key after all clients have ended, by a request that clients never send. */
  readonly finalReads?: { ask(key: string): string; understood(answer: string): Completion }
}

/** Makes a user-defined protocol recordable. Message faults see its messages as strings. */
export function ownProtocol(own: OwnProtocol): RecordedProtocol {
  const { name, port, finalReads } = own
  const framing: Framing = {
    name,
    scanner: (direction) => checkedScanner(own, direction),
    read: (message) => message.toString(),
    write(value) {
      if (typeof value !== 'string') throw usageError(`a message of ${name} must be a string`)
      return Buffer.from(value)
    },
    command(message) {
      const request = readably(() => own.asked(message))
      return request !== undefined && 'f' in request ? { name: request.f.toUpperCase(), key: request.key } : undefined
    },
  }
  return defineProtocol({
    framing,
    example: name,
    schemes: { [name]: { port, isSecure: false } },
    namedBy: 'nothing',
    resends: false,
    remedies: {
      nothing: `The function asked() of ${name} decides which requests are recorded.`,
      notUnderstood: `Faults that lose or reorder single messages cause this, and so does a server that does not speak ${name}.`,
      touched: `Let asked() of ${name} return "touches", the keys that these requests may change.`,
      unnamed: 'Give --client connection, or peer.process.',
    },
    ...(finalReads === undefined
      ? {}
      : {
          finalReads: () => ({
            ask: (key: string) => finalReads.ask(key),
            understood: (answer: Json | undefined) => finalReads.understood(String(answer)),
          }),
        }),
    parse: (members, where) => parseSettings(own, members, where),
    load: async () => {
      const { recordedInOrder } = await import('./in-order.ts')
      const spoken = spokenBy(own, framing)
      return {
        record({ client, initial }, server) {
          server.recorder.clientsBy({ by: client ?? 'nothing', named: client !== undefined })
          server.recorder.startsWith(typeof initial === 'object' ? initial : undefined)
          return recordedInOrder(spoken, server, client)
        },
      }
    },
  })
}

/** Refuses a scanner that does not advance and so would never end. */
function checkedScanner(own: OwnProtocol, direction: Direction): ReturnType<Framing['scanner']> {
  const scanner = own.scanner(direction)
  return {
    scan(bytes, start) {
      const end = scanner.scan(bytes, start)
      if (end === -1 || end === -2 || (Number.isInteger(end) && end > start && end <= bytes.length)) return end
      throw inputError(
        `the scanner of ${own.name} returned ${String(end)} for ${bytes.length} bytes from ${start}. Return the position after the message's last byte, -1 if it needs more bytes, or -2 if this is another protocol.`,
      )
    },
  }
}

/** Returns the result of `read`; undefined if `read` throws. */
function readably<Read>(read: () => Read): Read | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function spokenBy(own: OwnProtocol, framing: Framing): InOrderProtocol<OwnAsked> {
  return {
    framing,
    requested(request, session) {
      const kept = own.asked(request)
      return { kept, understanding: understood(kept, session) }
    },
    answered: (kept, reply) => ('f' in kept ? own.answered(kept, reply) : ok(null)),
  }
}

function understood(request: OwnAsked, session: string | undefined): Understanding {
  if (!('f' in request)) return { kind: 'passed-on', what: request.passes, touches: request.touches }
  const { f, key, value, harmless = false, final = false } = request
  return { kind: 'operations', calls: [{ f, key, value, harmless }], session, final }
}

function parseSettings({ model }: OwnProtocol, members: Members, where: string): SpokenSettings {
  const { commands = model, client, initial = 'unknown' } = members
  refuseUnknown(members, ['commands', 'client', 'initial'], where)
  if (typeof commands !== 'string') throw inputError(`${where}: "commands" must be the name of a model.`)
  return {
    commands: { model: commands },
    client: parseIdentifier(client, 'nothing', where),
    initial: initial === 'unknown' ? initial : { value: startIn(initial, where) },
  }
}

function startIn(initial: unknown, where: string): Json {
  if (initial !== null && typeof initial === 'object' && 'value' in initial) return initial.value as Json
  throw inputError(`${where}: "initial" is ${quote(initial)}. Give "unknown", or {"value": null}.`)
}
