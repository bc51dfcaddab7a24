import type { Completion, Json } from '@chaosproxy/history'
import type { Framing } from '@chaosproxy/wire'
import type { Identifier } from '../record/naming.ts'
import type { Members } from '../record/settings.ts'
import type { QueriedServer, RecordedServer, ServerRecording } from './conversation.ts'

/** A protocol that is recorded without a route table. */
export interface RecordedProtocol {
  /** The name of the protocol and of its framing. */
  readonly kind: string
  /** An example for the command line. */
  readonly example: string
  /** How the byte stream is divided into messages. */
  readonly framing: Framing
  /** Whether recording needs settings. Without them, faults can still act on messages. */
  readonly needsSettings: boolean
  /** The schemes of server addresses. */
  readonly schemes: { readonly [scheme: string]: { readonly port: number; readonly isSecure: boolean } }
  /** The default source of clients' names. */
  readonly namedBy: string
  /** Whether the protocol's drivers resend unanswered requests, so that an effect may occur twice. */
  readonly resends: boolean
  readonly remedies: Remedies
  /**
   * Returns functions that build and interpret final reads for a data model, such as `register`. A final read reads a
   * key after all clients have ended.
   */
  readonly finalReads?: ((model: string) => KeyReads | undefined) | undefined
  /**
   * Parses the protocol's settings.
   *
   * @throws UserError that begins with `where`.
   */
  parse(members: Members, where: string): SpokenProtocol
}

/** How to read a single key, by one request and one reply. */
interface KeyReads {
  /**
   * Returns the request that reads a key, by which the recorder recognises a final read. Undefined if the key cannot be
   * read.
   */
  ask(key: string): Json | undefined
  /** @param answer undefined if the reply is unreadable */
  understood(answer: Json | undefined): Completion
}

export interface Remedies {
  readonly nothing: string
  readonly notUnderstood: string
  readonly touched: string
  readonly unnamed: string
  /** Advice for the warning that updates may be lost; undefined if the protocol has none. */
  readonly overwritten?: string | undefined
}

export interface SpokenProtocol extends Pick<SpokenSettings, 'client' | 'initial'> {
  readonly kind: 'spoken'
  readonly protocol: RecordedProtocol
  readonly model: string
  /** Loads the code that records a server's connections, and starts it. */
  record(server: RecordedServer): Promise<ServerRecording>
  /**
   * Reads the initial values, for `"initial":"read"`.
   *
   * @throws UserError (environment)
   */
  readInitially(server: RecordedServer, dial: () => Promise<QueriedServer>): Promise<void>
}

export interface SpokenSettings {
  readonly commands: { readonly model: string }
  readonly client: Identifier | undefined
  readonly initial: 'unknown' | 'read' | { readonly value: Json }
}

/** The code that records connections. It is loaded when it is first needed. */
interface ProtocolReader<Settings> {
  record(settings: Settings, server: RecordedServer): ServerRecording
  /** Undefined if the protocol does not support `"initial":"read"`. */
  readonly readInitially?: (
    settings: Settings,
    server: RecordedServer,
    dial: () => Promise<QueriedServer>,
  ) => Promise<void>
}

export interface ProtocolDefinition<Settings extends SpokenSettings>
  extends Omit<RecordedProtocol, 'kind' | 'parse' | 'needsSettings'> {
  readonly needsSettings?: boolean
  readonly parse: (members: Members, where: string) => Settings
  readonly load: () => Promise<ProtocolReader<Settings>>
}

export function defineProtocol<Settings extends SpokenSettings>({
  parse,
  load,
  needsSettings = false,
  ...words
}: ProtocolDefinition<Settings>): RecordedProtocol {
  const protocol: RecordedProtocol = {
    ...words,
    kind: words.framing.name,
    needsSettings,
    parse(members, where) {
      const settings = parse(members, where)
      const { commands, client, initial } = settings
      return {
        kind: 'spoken',
        protocol,
        model: commands.model,
        client,
        initial,
        record: async (server) => (await load()).record(settings, server),
        readInitially: async (server, dial) => (await load()).readInitially?.(settings, server, dial),
      }
    },
  }
  return protocol
}
