import { inputError, isObject } from '@chaosproxy/history'
import { type PostgresqlSettings, parsePostgresqlSettings } from '../postgresql/settings.ts'
import { parseIdentifier } from '../record/naming.ts'

export const MYSQL_NAMES = 'program_name'

export const EXAMPLE = '{"kind":"mysql","tables":{"accounts":{"key":"id","values":["balance"]}}}'

/** InnoDB's isolation levels have these names, but give other guarantees than PostgreSQL's levels of the same name. */
const LEVEL_NAMES: { readonly [level: string]: string } = {
  'repeatable read': 'repeatable read of InnoDB',
  'read committed': 'read committed of InnoDB',
  'read uncommitted': 'read uncommitted of InnoDB',
}

export const levelName = (level: string): string => LEVEL_NAMES[level] ?? level

const USUAL_LEVEL = 'repeatable read'

/**
 * Parses the members of `{"kind":"mysql"}`. They are the same as for `{"kind":"postgresql"}` with `"tables"`.
 *
 * @throws UserError that begins with `where`.
 */
export function parseMysqlSettings(given: { readonly [name: string]: unknown }, where: string): PostgresqlSettings {
  const { client, ...members } = given
  if (members['tables'] === undefined)
    throw inputError(
      `${where}: MySQL is recorded by whole transactions. Name the tables: ${EXAMPLE}. This command writes the mapping: chaos routes suggest mysql://user@host/database`,
    )
  if (isObject(members['tables'])) refuseNamesTwice(members['tables'], where)
  const { tables: named, indirect: reached } = members
  const lower = {
    ...members,
    tables: inLowerCase(named),
    ...(reached === undefined ? {} : { indirect: inLowerCase(reached) }),
  }
  const { commands, initial } = parsePostgresqlSettings(lower, where)
  const { tables, isolation = USUAL_LEVEL } = commands
  return {
    commands: {
      ...commands,
      tables: new Map([...(tables ?? [])].map(([name, table]) => [name, { ...table, converts: true }])),
      isolation: levelName(isolation),
    },
    client: parseIdentifier(client, MYSQL_NAMES, where),
    initial,
  }
}

/** Converts names to lower case, because names are compared in lower case. */
function inLowerCase(given: unknown): unknown {
  if (typeof given === 'string') return given.toLowerCase()
  if (Array.isArray(given)) return given.map(inLowerCase)
  if (!isObject(given)) return given
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), inLowerCase(value)]))
}

function refuseNamesTwice(tables: object, where: string): void {
  const names = Object.keys(tables).map((name) => name.toLowerCase())
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice === undefined) return
  throw inputError(`${where}: the table ${twice} is given twice. Names are compared in lower case.`)
}
