import { postgresql as framing } from '@chaosproxy/wire'
import { defineProtocol, type RecordedProtocol } from '../spoken/protocol.ts'
import { POSTGRESQL_NAMES, parsePostgresqlSettings } from './settings.ts'

export const postgresql: RecordedProtocol = defineProtocol({
  framing,
  example: `'{"kind":"postgresql","table":"kv"}'`,
  needsSettings: true,
  schemes: { postgres: { port: 5432, isSecure: false }, postgresql: { port: 5432, isSecure: false } },
  namedBy: POSTGRESQL_NAMES,
  resends: false,
  remedies: {
    nothing:
      'to record statements on one row by its primary key, name the table, key and column: --as \'{"kind":"postgresql","table":"accounts","key":"id","value":"balance"}\'; to record whole transactions, name the tables: --as \'{"kind":"postgresql","tables":{"accounts":{"key":"id","values":["balance"]}}}\'.',
    notUnderstood:
      'Each line above says what was not understood, and why. Faults that lose single messages, and TLS that the proxy does not terminate, also cause such lines.',
    touched:
      'Write one row by its primary key in each statement. If no called function writes the table, add "functions":"read" beside "table".',
    overwritten:
      'Read and write in one transaction, or in one statement (SET n = n + 1), so that both are judged together. Or record the service in front of the database. If the two are unrelated, add "transactions":"apart" beside "table"',
    unnamed: 'Set application_name in the clients, or give --client peer.process.',
  },
  parse: parsePostgresqlSettings,
  load: async () => {
    const { recordPostgresql } = await import('./postgresql-recorder.ts')
    return { record: (settings, server) => recordPostgresql({ ...settings, ...server }) }
  },
})
