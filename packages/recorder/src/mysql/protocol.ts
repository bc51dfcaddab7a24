import { mysql as framing } from '@chaosproxy/wire'
import { defineProtocol, type RecordedProtocol } from '../spoken/protocol.ts'
import { EXAMPLE, MYSQL_NAMES, parseMysqlSettings } from './settings.ts'

/** Records whole transactions of MySQL or MariaDB. */
export const mysql: RecordedProtocol = defineProtocol({
  framing,
  example: `'${EXAMPLE}'`,
  needsSettings: true,
  schemes: { mysql: { port: 3306, isSecure: false }, mariadb: { port: 3306, isSecure: false } },
  namedBy: MYSQL_NAMES,
  resends: false,
  remedies: {
    nothing: `only statements on the tables in the mapping are recorded. Name the tables: --as '${EXAMPLE}'.`,
    notUnderstood:
      'Each line above says what was not understood, and why. Faults that lose single messages, and a client that insists on TLS, also cause such lines.',
    touched:
      'Write rows by their primary key. If no called function writes the tables, add "functions":"read" beside "tables".',
    unnamed: 'Set the connection attribute program_name in the clients, or give --client peer.process.',
  },
  parse: parseMysqlSettings,
  load: async () => {
    const { recordMysql } = await import('./mysql-recorder.ts')
    return { record: (settings, server) => recordMysql({ ...settings, ...server }) }
  },
})
