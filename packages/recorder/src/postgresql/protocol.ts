import { postgresql as framing } from '@chaosproxy/wire'
import { defineProtocol, type RecordedProtocol } from '../spoken/protocol.ts'
import { POSTGRESQL_NAMES, parsePostgresqlSettings } from './settings.ts'

/** One table of a PostgreSQL. */
export const postgresql: RecordedProtocol = defineProtocol({
  framing,
  example: `'{"kind":"postgresql","table":"kv"}'`,
  needsSettings: true,
  schemes: { postgres: { port: 5432, isSecure: false }, postgresql: { port: 5432, isSecure: false } },
  namedBy: POSTGRESQL_NAMES,
  resends: false,
  remedies: {
    nothing:
      'statements on one row by its primary key are recorded. Name the table, its key and the recorded column: --as \'{"kind":"postgresql","table":"accounts","key":"id","value":"balance"}\'.',
    notUnderstood:
      'What to write instead stands with each. A fault that loses single messages does that too, and so does TLS that the proxy does not end.',
    touched:
      'Write one row by its primary key in each statement. Where no function that is called writes the table, say "functions":"read" beside "table".',
    overwritten:
      'Read and write in one transaction, or write in one statement (SET n = n + 1): then that is judged. Or record the service in front of the database. Where the two have nothing to do with each other, say "transactions":"apart" beside "table"',
    unnamed: 'Let them name themselves (application_name), or give --client peer.process.',
  },
  parse: parsePostgresqlSettings,
  load: async () => {
    const { recordPostgresql } = await import('./postgresql-recorder.ts')
    return { record: (settings, server) => recordPostgresql({ ...settings, ...server }) }
  },
})
