import type { Completion, Json } from '@chaosproxy/history'
import type { Framing } from '@chaosproxy/wire'
import type { Identifier } from '../record/naming.ts'
import type { AskedServer, RecordedServer, ServerRecording } from './conversation.ts'

/** A protocol whose messages are operations without a route table. */
export interface RecordedProtocol {
  /** Its name, which is that of its framing. */
  readonly kind: string
  /** How to ask for it in a shell. */
  readonly example: string
  /** How its messages are cut. */
  readonly framing: Framing
  /** Whether its name alone is not enough to record it: then faults can only act on its messages. */
  readonly needsSettings: boolean
  /** The schemes of its addresses. */
  readonly schemes: { readonly [scheme: string]: { readonly port: number; readonly isSecure: boolean } }
  /** What names clients if nothing else is said. */
  readonly namedBy: string
  /** Whether its drivers send again what got no answer, so that an effect may be there twice. */
  readonly resends: boolean
  /** What to do about gaps in a record. */
  readonly remedies: Remedies
  /** How keys are read once the clients are gone, by model. Absent if they are not. */
  readonly finalReads?: ((model: string) => KeyReads | undefined) | undefined
  /** Reads its settings. @throws UserError that begins with `where`. */
  parse(members: Members, where: string): SpokenProtocol
}

/** Reads of single keys, each a message that one message answers. */
export interface KeyReads {
  /** The message, as its framing writes it; by it, the recorder knows a final read. Undefined for keys that none reads. */
  ask(key: string): Json | undefined
  /** @param answer Undefined for one that its framing does not read. */
  understood(answer: Json | undefined): Completion
}

export interface Remedies {
  readonly nothing: string
  readonly notUnderstood: string
  readonly touched: string
  readonly unnamed: string
  /** What to do about clients that may have lost updates of others; absent if that is not noticed. */
  readonly overwritten?: string | undefined
}

/** A protocol with its settings. */
export interface SpokenProtocol extends Pick<SpokenSettings, 'client' | 'initial'> {
  readonly kind: 'spoken'
  readonly protocol: RecordedProtocol
  /** The model to check the history as. */
  readonly model: string
  /** Loads what reads the connections to one server. */
  record(server: RecordedServer): Promise<ServerRecording>
  /** Reads what keys hold, for `"initial":"read"`. @throws UserError (environment) */
  readInitially(server: RecordedServer, dial: () => Promise<AskedServer>): Promise<void>
}

/** What every such protocol is told. */
export interface SpokenSettings {
  readonly commands: { readonly model: string }
  readonly client: Identifier | undefined
  /** What keys hold at the start. */
  readonly initial: 'unknown' | 'read' | { readonly value: Json }
}

interface Members {
  readonly [name: string]: unknown
}

/** What reads connections; loaded when the first proxy needs it. */
export interface ProtocolReader<Settings> {
  record(settings: Settings, server: RecordedServer): ServerRecording
  /** Absent if the settings know no `"initial":"read"`. */
  readonly readInitially?: (
    settings: Settings,
    server: RecordedServer,
    dial: () => Promise<AskedServer>,
  ) => Promise<void>
}

export interface ProtocolDefinition<Settings extends SpokenSettings>
  extends Omit<RecordedProtocol, 'kind' | 'parse' | 'needsSettings'> {
  readonly needsSettings?: boolean
  readonly parse: (members: Members, where: string) => Settings
  readonly load: () => Promise<ProtocolReader<Settings>>
}

/** A protocol that knows its own settings; nothing else has to. */
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
