import { POSTGRESQL_NAMES, type PostgresqlSettings, parsePostgresqlSettings } from '../postgresql/settings.ts'
import { parseRespSettings, RESP_NAMES, type RespSettings } from '../redis/resp-settings.ts'

/** A protocol whose messages are operations without a route table. */
export interface RecordedProtocol<Settings> {
  /** Whose protocol it is. */
  readonly speaker: string
  /** How to ask for it. */
  readonly example: string
  /** Reads its settings. @throws UserError that begins with `where`. */
  readonly parse: (members: { readonly [name: string]: unknown }, where: string) => Settings
  /** What names clients if nothing else is said. */
  readonly namedBy: string
  /** Whether its drivers send again what got no answer, so that an effect may be there twice. */
  readonly resends: boolean
  /** What to do about gaps in a record. */
  readonly remedies: Remedies
}

export interface Remedies {
  readonly nothing: string
  readonly notUnderstood: string
  readonly touched: string
  readonly unnamed: string
}

interface Settings {
  readonly resp: RespSettings
  readonly postgresql: PostgresqlSettings
}

/** A protocol with its settings. */
export type SpokenProtocol = {
  readonly [Kind in keyof Settings]: { readonly kind: Kind } & Settings[Kind]
}[keyof Settings]

/** A new one is a folder beside this one, a line here, and one in the proxy's table. */
export const recordedProtocols: { readonly [Kind in keyof Settings]: RecordedProtocol<Settings[Kind]> } = {
  resp: {
    speaker: 'Redis',
    example: 'resp',
    parse: parseRespSettings,
    namedBy: RESP_NAMES,
    resends: true,
    remedies: {
      nothing: `--model says what is recorded: strings and hashes as register, or counter, set, queue, list-append, lock. A script is recorded once it is declared: --as '{"kind":"resp","declare":[{"script":"SHA-1 or part of its text","as":"INCR KEYS[1]"}]}'. For jobs that scripts move (BullMQ), record those who add and carry them out, with a route table.`,
      notUnderstood: 'A fault that loses or reorders single messages does that, and so does a server that is no Redis.',
      touched:
        'Another --model may record them. Where scripts write only the keys they are given, say so: --record \'{"kind":"resp","scripts":"keys"}\'.',
      unnamed: 'Let them name themselves (CLIENT SETNAME; connectionName in ioredis), or give --client peer.process.',
    },
  },
  postgresql: {
    speaker: 'PostgreSQL',
    example: '{"kind":"postgresql","table":"kv"}',
    parse: parsePostgresqlSettings,
    namedBy: POSTGRESQL_NAMES,
    resends: false,
    remedies: {
      nothing:
        'statements on one row by its primary key are recorded. Name the table, its key and the recorded column: --as \'{"kind":"postgresql","table":"accounts","key":"id","value":"balance"}\'.',
      notUnderstood:
        'What to write instead stands with each. A fault that loses single messages does that too, and so does TLS that the proxy does not end.',
      touched:
        'Write one row by its primary key in each statement. Where no function that is called writes the table, say "functions":"read" beside "table".',
      unnamed: 'Let them name themselves (application_name), or give --client peer.process.',
    },
  },
}

/** Whether it is one of these protocols, and not HTTP or mere messages. */
export const isSpoken = <Other extends { readonly kind: string }>(
  carries: Other | SpokenProtocol,
): carries is SpokenProtocol => Object.hasOwn(recordedProtocols, carries.kind)
