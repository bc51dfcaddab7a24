import { UserError } from '@chaosproxy/history'
import type { CatalogueTable } from '@chaosproxy/recorder/postgresql'
import { NotConnected, openConnection } from './client/connection.ts'

/** One row for each column of each table and view of users: schema, table, kind, key, column, type, triggers. */
const TABLES = `
  SELECT n.nspname, c.relname, c.relkind,
    (SELECT string_agg(k.attname, chr(31) ORDER BY array_position(i.indkey::int2[], k.attnum))
       FROM pg_index i JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND i.indisprimary),
    a.attname, format_type(a.atttypid, a.atttypmod),
    (SELECT string_agg(what, chr(31) ORDER BY what) FROM (
      SELECT 'trigger ' || tgname AS what FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal
      UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN') AS t)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg_toast%' AND NOT c.relispartition
  ORDER BY n.nspname <> 'public', n.nspname, c.relname, a.attnum`

/** Between names, of which it is no part: chr(31). */
const SEPARATOR = '\u001f'

const PORT = 5_432

/**
 * Reads which tables a database has.
 *
 * @param address `postgres://user:password@host:port/database`; PGPASSWORD has the password if the address has none.
 * @throws UserError if it is no such address, or the server does not answer.
 */
export async function readCatalogue(address: string): Promise<readonly CatalogueTable[]> {
  const url = addressOf(address)
  const user = decodeURIComponent(url.username) || 'postgres'
  const password = url.password === '' ? process.env['PGPASSWORD'] : decodeURIComponent(url.password)
  const database = decodeURIComponent(url.pathname.slice(1)) || user
  const shown = `${url.hostname}:${url.port || PORT}/${database}`
  try {
    const connection = await openConnection({
      ...{ host: url.hostname, port: Number(url.port || PORT), user, password, database },
    })
    const end = await connection.query(TABLES)
    connection.close()
    if (end.type !== 'done')
      throw new NotConnected(end.type === 'lost' ? end.why : `its catalogue cannot be read: ${end.report.message}`)
    return tablesIn(end.rows)
  } catch (error) {
    if (!(error instanceof NotConnected)) throw error
    throw new UserError(
      'environment',
      `${shown}: ${error.message}. Is it a PostgreSQL that runs, and ${user} its user?`,
    )
  }
}

function addressOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url !== undefined && /^postgres(ql)?:$/.test(url.protocol) && url.hostname !== '') return url
  // The address may hold a password.
  throw new UserError('usage', 'the database is named by an address: postgres://user:password@host:port/database')
}

const KINDS: { readonly [relkind: string]: CatalogueTable['kind'] } = { r: 'table', v: 'view', m: 'view' }

function tablesIn(rows: readonly (readonly (string | null)[])[]): readonly CatalogueTable[] {
  const tables = new Map<string, CatalogueTable & { readonly columns: { name: string; type: string }[] }>()
  for (const [schema, name, kind, key, column, type, triggers] of rows) {
    const id = `${schema}.${name}`
    const table = tables.get(id) ?? {
      schema: schema ?? '',
      name: name ?? '',
      kind: KINDS[kind ?? ''] ?? 'other',
      primaryKey: key?.split(SEPARATOR) ?? [],
      columns: [],
      triggers: triggers?.split(SEPARATOR) ?? [],
    }
    table.columns.push({ name: column ?? '', type: type ?? '' })
    tables.set(id, table)
  }
  return [...tables.values()]
}
