import { environmentError, usageError } from '@chaosproxy/history'
import type { Catalogue, CatalogueTable } from '@chaosproxy/recorder/postgresql'
import { NotConnected } from './clients.ts'
import type { Row } from './request.ts'

/** A kind of database, with the queries for its schema. Lists in one cell are separated by {@link SEPARATOR}. */
export interface CatalogueSource {
  readonly kind: 'postgresql' | 'mysql'
  readonly system: string
  /** The schemes of the database's addresses: `postgres:`. Messages show the first one. */
  readonly schemes: readonly string[]
  readonly port: number
  readonly user: string
  /** The environment variable that holds the password if the address has none. */
  readonly passwordIn: string
  /**
   * A query for the columns of users' tables and views: schema, table, kind (`table`, `view` or another), primary key,
   * column, type, triggers.
   */
  readonly tables: string
  /**
   * A query for triggers and the like, which write to other tables during a statement. Its rows: the table, the kinds
   * of statements, a text that names the other tables, the writer's name and, for updates, the columns.
   */
  readonly writers: string
  /** A query for functions. Its rows: name, text and language. */
  readonly definitions: string
  /** Returns whether a function may write tables that its text does not name. */
  isOpaque(text: string, language: string): boolean
  /** @throws NotConnected */
  open(login: Login): Promise<CatalogueConnection>
}

interface Login {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
}

interface CatalogueConnection {
  query(sql: string): Promise<CatalogueEnd>
  close(): void
}

type CatalogueEnd =
  | { readonly type: 'done'; readonly rows: readonly Row[] }
  | { readonly type: 'lost'; readonly why: string }
  /** `report`: PostgreSQL's report, whose message has no code. */
  | { readonly type: 'refused'; readonly why: string; readonly report?: { readonly message: string } }

/** The separator of names in a list. No name contains it. */
export const SEPARATOR = '\u001f'

/**
 * Reads the tables of a database, and the triggers and functions that write them.
 *
 * @param address such as `postgres://user:password@host:port/database`.
 * @throws UserError if the address is invalid, or the server does not answer.
 */
export async function readCatalogue(
  address: string,
  sources: readonly CatalogueSource[],
): Promise<{ readonly kind: CatalogueSource['kind']; readonly catalogue: Catalogue }> {
  const { url, source } = addressOf(address, sources)
  const { port: usualPort, kind, system } = source
  const user = decodeURIComponent(url.username) || source.user
  const password = url.password === '' ? process.env[source.passwordIn] : decodeURIComponent(url.password)
  const database = decodeURIComponent(url.pathname.slice(1)) || user
  const port = Number(url.port || usualPort)
  try {
    const connection = await source.open({ host: url.hostname, port, user, password, database })
    try {
      return { kind, catalogue: await catalogueOf(connection, source) }
    } finally {
      connection.close()
    }
  } catch (error) {
    if (!(error instanceof NotConnected)) throw error
    throw environmentError(
      `${url.hostname}:${port}/${database}: ${error.message}. Check that ${system} runs there, and that it has the user ${user}.`,
    )
  }
}

/** @throws NotConnected */
async function rowsOf(connection: CatalogueConnection, sql: string): Promise<readonly Row[]> {
  const end = await connection.query(sql)
  if (end.type === 'done') return end.rows
  throw new NotConnected(
    end.type === 'lost' ? end.why : `its catalogue cannot be read: ${end.report?.message ?? end.why}`,
  )
}

async function catalogueOf(connection: CatalogueConnection, source: CatalogueSource): Promise<Catalogue> {
  return {
    tables: tablesIn(await rowsOf(connection, source.tables)),
    writers: (await rowsOf(connection, source.writers)).map(([table, by, text, name, columns]) => ({
      table: table ?? '',
      by: by === 'delete' || by === 'update' ? by : 'write',
      text: text ?? '',
      name: name ?? '',
      ...(columns === null || columns === undefined ? {} : { columns: columns.split(SEPARATOR) }),
    })),
    definitions: (await rowsOf(connection, source.definitions)).map(([name, text, language]) => ({
      name: name ?? '',
      text: text ?? '',
      isOpaque: text === null || source.isOpaque(text ?? '', language ?? ''),
    })),
  }
}

function addressOf(
  address: string,
  sources: readonly CatalogueSource[],
): { readonly url: URL; readonly source: CatalogueSource } {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const source = sources.find(({ schemes }) => url !== undefined && schemes.includes(url.protocol))
  if (url !== undefined && source !== undefined && url.hostname !== '') return { url, source }
  const forms = sources.map(({ schemes: [scheme] }) => `${scheme}//user:password@host:port/database`)
  // The address may contain a password.
  throw usageError(`the database must be given by its address: ${forms.join(' or ')}`)
}

function tablesIn(rows: readonly Row[]): readonly CatalogueTable[] {
  const tables = new Map<string, CatalogueTable & { readonly columns: { name: string; type: string }[] }>()
  for (const [schema, name, kind, key, column, type, triggers] of rows) {
    const id = `${schema}.${name}`
    const table = tables.get(id) ?? {
      schema: schema ?? '',
      name: name ?? '',
      kind: kind === 'table' || kind === 'view' ? kind : 'other',
      primaryKey: key?.split(SEPARATOR) ?? [],
      columns: [],
      triggers: triggers?.split(SEPARATOR) ?? [],
    }
    table.columns.push({ name: column ?? '', type: type ?? '' })
    tables.set(id, table)
  }
  return [...tables.values()]
}
