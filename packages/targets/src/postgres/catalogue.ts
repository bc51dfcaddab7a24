import { UserError } from '@chaosproxy/history'
import type { Catalogue, CatalogueTable } from '@chaosproxy/recorder/postgresql'
import { openConnection, PostgresRefused } from './client/connection.ts'

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

/**
 * What writes other tables than a statement names: the named one, by which statements, a text that names the others, its
 * name, and of updates the columns.
 */
const WRITERS = `
  SELECT c.relname, by, text, name, columns FROM (
    SELECT tgrelid AS named, 'write' AS by, (SELECT proname::text FROM pg_proc WHERE oid = tgfoid) AS text,
        'trigger ' || tgname AS name, NULL AS columns
      FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT ev_class, 'write', pg_get_ruledef(oid), CASE WHEN rulename = '_RETURN'
        THEN 'view ' || (SELECT relname FROM pg_class WHERE oid = ev_class) ELSE 'rule ' || rulename END, NULL
      FROM pg_rewrite
    UNION ALL SELECT confrelid, 'delete', (SELECT relname FROM pg_class WHERE oid = conrelid), 'foreign key ' || conname, NULL
      FROM pg_constraint WHERE contype = 'f' AND confdeltype IN ('c', 'n', 'd')
    UNION ALL SELECT confrelid, 'update', (SELECT relname FROM pg_class WHERE oid = conrelid), 'foreign key ' || conname,
        (SELECT string_agg(attname, chr(31)) FROM pg_attribute WHERE attrelid = confrelid AND attnum = ANY (confkey))
      FROM pg_constraint WHERE contype = 'f' AND confupdtype IN ('c', 'n', 'd')
    UNION ALL SELECT inhrelid, 'write', (SELECT relname FROM pg_class WHERE oid = inhparent),
        'inheritance of ' || (SELECT relname FROM pg_class WHERE oid = inhparent), NULL
      FROM pg_inherits
  ) AS w JOIN pg_class c ON c.oid = w.named JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relkind <> 'm'
  ORDER BY 1, 2, 3, 4`

const DEFINITIONS = `
  SELECT proname, pg_get_functiondef(p.oid), lanname
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE prokind IN ('f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  ORDER BY 1, 2`

/** Languages whose functions write only tables that their texts name. Those of C hardly ever write any. */
const READABLE = ['sql', 'plpgsql', 'c', 'internal']

/** Between names, of which it is no part: chr(31). */
const SEPARATOR = '\u001f'

const PORT = 5_432

/**
 * Reads which tables a database has, and what writes them.
 *
 * @param address `postgres://user:password@host:port/database`; PGPASSWORD has the password if the address has none.
 * @throws UserError if it is no such address, or the server does not answer.
 */
export async function readCatalogue(address: string): Promise<Catalogue> {
  const url = addressOf(address)
  const user = decodeURIComponent(url.username) || 'postgres'
  const password = url.password === '' ? process.env['PGPASSWORD'] : decodeURIComponent(url.password)
  const database = decodeURIComponent(url.pathname.slice(1)) || user
  const shown = `${url.hostname}:${url.port || PORT}/${database}`
  try {
    const connection = await openConnection({
      ...{ host: url.hostname, port: Number(url.port || PORT), user, password, database },
    })
    const read = async (sql: string) => {
      const end = await connection.query(sql)
      if (end.type === 'done') return end.rows
      throw new PostgresRefused(end.type === 'lost' ? end.why : `its catalogue cannot be read: ${end.report.message}`)
    }
    try {
      return {
        tables: tablesIn(await read(TABLES)),
        writers: (await read(WRITERS)).map(([table, by, text, name, columns]) => ({
          table: table ?? '',
          by: by === 'delete' || by === 'update' ? by : 'write',
          text: text ?? '',
          name: name ?? '',
          ...(columns === null || columns === undefined ? {} : { columns: columns.split(SEPARATOR) }),
        })),
        definitions: (await read(DEFINITIONS)).map(([name, text, language]) => ({
          name: name ?? '',
          text: text ?? '',
          isOpaque: !READABLE.includes(language ?? '') || /\bexecute\b/i.test(text ?? ''),
        })),
      }
    } finally {
      connection.close()
    }
  } catch (error) {
    if (!(error instanceof PostgresRefused)) throw error
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
