import type { Format, FrontendMessage } from '@chaosproxy/wire/postgresql'
import type { Prepared } from '../session/session.ts'
import { SqlError } from '../sql/error.ts'
import type { SqlValue } from '../types/value.ts'
import type { Pause } from './peer.ts'
import { type Done, runStatement, type Talk } from './statement.ts'
import { describeColumns, formatsFor, readValue, writeRow } from './values.ts'

type Message<Kind extends FrontendMessage['kind']> = Extract<FrontendMessage, { readonly kind: Kind }>

/** A message of the extended protocol, except Sync and Flush. */
export type ExtendedMessage = Message<'parse'> | Message<'bind'> | Message<'describe' | 'close'> | Message<'execute'>

interface Portal {
  readonly prepared: Prepared | undefined
  readonly parameters: readonly SqlValue[]
  readonly formats: readonly Format[]
  /** The outcome of the execution; undefined before the execution. `next` is the index of the first unsent row. */
  outcome: Done | undefined
  next: number
}

/** The state of the extended protocol between messages. */
export class Extended {
  readonly #talk: Talk
  readonly #prepared = new Map<string, Prepared>()
  readonly #portals = new Map<string, Portal>()
  /** Names of the prepared statements whose SQL text is empty. */
  readonly #empty = new Set<string>()
  /** The SQL text that the current message refers to. */
  sql = ''

  constructor(talk: Talk) {
    this.#talk = talk
  }

  /** Closes all portals, which end with their transaction. */
  ended(): void {
    this.#portals.clear()
  }

  /** @throws SqlError, NotSupported */
  *answer(message: ExtendedMessage): Generator<Pause, void> {
    switch (message.kind) {
      case 'parse':
        yield* this.#parse(message)
        break
      case 'bind':
        this.#bind(message)
        break
      case 'describe':
        this.#describe(message)
        break
      case 'execute':
        yield* this.#execute(message)
        break
      case 'close':
        this.#close(message)
        break
    }
  }

  *#parse({ statement: name, sql, types }: Message<'parse'>): Generator<Pause, void> {
    const { session, peer } = this.#talk
    this.sql = sql
    if (name !== '' && (this.#prepared.has(name) || this.#empty.has(name)))
      throw new SqlError('42P05', `prepared statement ${JSON.stringify(name)} already exists`)
    this.#prepared.delete(name)
    this.#empty.delete(name)
    const [statement, another] = session.parse(sql)
    if (another !== undefined) throw new SqlError('42601', 'cannot insert multiple commands into a prepared statement')
    if (statement === undefined) this.#empty.add(name)
    else this.#prepared.set(name, yield* session.prepare(statement, types))
    peer.write({ kind: 'parse-complete' })
  }

  /** @throws SqlError if no prepared statement has this name. */
  #statement(name: string): Prepared | undefined {
    const prepared = this.#prepared.get(name)
    this.sql = prepared?.statement.sql ?? ''
    if (prepared !== undefined || this.#empty.has(name)) return prepared
    throw new SqlError(
      '26000',
      name === ''
        ? 'unnamed prepared statement does not exist'
        : `prepared statement ${JSON.stringify(name)} does not exist`,
    )
  }

  #portal(name: string): Portal {
    const portal = this.#portals.get(name)
    this.sql = portal?.prepared?.statement.sql ?? ''
    if (portal !== undefined) return portal
    throw new SqlError('34000', `portal ${JSON.stringify(name)} does not exist`)
  }

  #bind({ portal, statement, formats, values, resultFormats }: Message<'bind'>): void {
    const { session, peer } = this.#talk
    const prepared = this.#statement(statement)
    const oids = prepared?.parameterOids ?? []
    const readFormats = formatsFor(formats, values.length, 'parameter')
    if (values.length !== oids.length)
      throw new SqlError(
        '08P01',
        `bind message supplies ${values.length} parameters, but prepared statement ${JSON.stringify(statement)} requires ${oids.length}`,
      )
    if (portal !== '' && this.#portals.has(portal))
      throw new SqlError('42P03', `cursor ${JSON.stringify(portal)} already exists`)
    this.#portals.set(portal, {
      prepared,
      parameters: values.map((value, i) => readValue(value, readFormats[i] ?? 0, oids[i] ?? 0, session.context)),
      formats: formatsFor(resultFormats, prepared?.columns?.length ?? 0, 'result'),
      outcome: undefined,
      next: 0,
    })
    peer.write({ kind: 'bind-complete' })
  }

  #describe({ of, name }: Message<'describe' | 'close'>): void {
    const { peer, session } = this.#talk
    const [prepared, formats] =
      of === 'statement' ? [this.#statement(name), []] : [this.#portal(name).prepared, this.#portal(name).formats]
    if (of === 'statement') peer.write({ kind: 'parameter-description', types: prepared?.parameterOids ?? [] })
    const columns = prepared?.columns
    if (columns === undefined) peer.write({ kind: 'no-data' })
    else peer.write({ kind: 'row-description', columns: describeColumns(columns, formats, session.context) })
  }

  *#execute({ portal: name, mostRows }: Message<'execute'>): Generator<Pause, void> {
    const { peer, session } = this.#talk
    const portal = this.#portal(name)
    const { prepared, parameters, formats } = portal
    if (prepared === undefined) {
      peer.write({ kind: 'empty-query' })
      return
    }
    portal.outcome ??= yield* runStatement(this.#talk, prepared, parameters, mostRows > 0)
    const { outcome } = portal
    if (outcome.kind === 'empty') {
      peer.write({ kind: 'empty-query' })
      return
    }
    const { columns, rows } = outcome.kind === 'rows' ? outcome : { columns: [], rows: [] }
    const end = mostRows > 0 ? Math.min(rows.length, portal.next + mostRows) : rows.length
    const sent = rows.slice(portal.next, end)
    if (outcome.kind === 'rows') outcome.reportRead?.(portal.next, mostRows > 0 ? mostRows : Number.POSITIVE_INFINITY)
    portal.next = end
    for (const row of sent)
      peer.write({ kind: 'data-row', values: writeRow(row, { columns, formats, context: session.context }) })
    // As in PostgreSQL, the portal is suspended even after the last row, because only a further search would show that
    // no row follows.
    if (mostRows > 0 && sent.length === mostRows) peer.write({ kind: 'portal-suspended' })
    else
      peer.write({
        kind: 'command-complete',
        tag: outcome.tag.startsWith('SELECT') ? `SELECT ${sent.length}` : outcome.tag,
      })
  }

  #close({ of, name }: Message<'describe' | 'close'>): void {
    const { peer } = this.#talk
    if (of === 'portal') this.#portals.delete(name)
    else {
      this.#prepared.delete(name)
      this.#empty.delete(name)
    }
    peer.write({ kind: 'close-complete' })
  }
}
