import type { Operand } from './action.ts'
import { ExpressionReader } from './sql-expressions.ts'
import { type Token, wordSet } from './sql-tokens.ts'
import type { Assignment, Conflict, Expression, Query, Source, Tree } from './sql-tree.ts'

export type Parsed = Tree | 'too deep' | 'other'

/** Parses a SELECT, INSERT, UPDATE or DELETE, each token only once. */
export function parse(tokens: readonly Token[]): Parsed {
  const parser = new SqlParser(tokens)
  const tree = parser.statement()
  return parser.isTooDeep ? 'too deep' : (tree ?? 'other')
}

const JOINING = wordSet('natural inner left right full outer cross')
const AFTER_ORDER = wordSet('limit offset fetch for')
const RETURNING = wordSet('returning')
const UNKNOWN_NUMBER: Operand = { kind: 'constant', text: null }

type End = Pick<Query, 'limit' | 'offset' | 'locks'>
const NO_END: End = { limit: undefined, offset: undefined, locks: [] }

class SqlParser extends ExpressionReader {
  statement(): Tree | undefined {
    if (this.takeWord('select')) {
      this.at--
      const query = this.query()
      return this.isAtEnd ? { does: 'select', query } : undefined
    }
    const named = this.takeWord('with') ? this.#named() : new Map<string, Query>()
    const tree = named && this.#change(named)
    return this.isAtEnd ? tree : undefined
  }

  #named(): ReadonlyMap<string, Query> | undefined {
    const named = new Map<string, Query>()
    do {
      const name = this.name()
      if (name === undefined || !this.takeWord('as')) return undefined
      this.takeWord('not')
      this.takeWord('materialized')
      const query = this.#inBrackets()
      if (query === undefined) return undefined
      named.set(name, query)
    } while (this.takeSymbol(','))
    return named
  }

  #inBrackets(): Query | undefined {
    if (!this.takeSymbol('(') || this.word !== 'select') return undefined
    const query = this.nested(() => this.query())
    return this.takeSymbol(')') ? query : undefined
  }

  #change(named: ReadonlyMap<string, Query>): Tree | undefined {
    if (this.takeWord('insert')) return this.takeWord('into') ? this.#insert(named) : undefined
    const isDelete = this.takeWord('delete')
    if (isDelete ? !this.takeWord('from') : !this.takeWord('update')) return undefined
    this.takeWord('only')
    const target = { name: this.lastName(), alias: this.alias() }
    const sets = isDelete ? [] : this.takeWord('set') ? this.#assignments() : undefined
    if (sets === undefined) return undefined
    const sources = this.takeWord(isDelete ? 'using' : 'from') ? this.#sources() : []
    if (sources === undefined) return undefined
    const where = this.takeWord('where') ? this.expression() : undefined
    return { does: isDelete ? 'delete' : 'update', named, target, sets, sources, where, returning: this.#returning() }
  }

  #insert(named: ReadonlyMap<string, Query>): Tree | undefined {
    const target = { name: this.lastName(), alias: this.alias() }
    const columns = this.isSymbol('(') ? this.names() : []
    if (columns === undefined || !this.takeWord('values')) return undefined
    const inserted: (readonly Expression[])[] = []
    do {
      const row = this.takeSymbol('(') ? this.#list() : []
      if (!this.takeSymbol(')')) return undefined
      inserted.push(row)
    } while (this.takeSymbol(','))
    const conflict = this.takeWord('on') ? this.#conflict() : 'none'
    if (conflict === undefined) return undefined
    return {
      ...{ does: 'insert', named, target, columns, inserted },
      conflict: conflict === 'none' ? undefined : conflict,
      returning: this.#returning(),
    }
  }

  #list(): readonly Expression[] {
    const list: Expression[] = []
    do list.push(this.expression())
    while (this.takeSymbol(','))
    return list
  }

  #conflict(): Conflict | undefined {
    if (!this.takeWord('conflict')) return undefined
    const columns = this.isSymbol('(') ? this.names() : undefined
    if (!this.takeWord('do')) return undefined
    if (this.takeWord('nothing')) return { columns, sets: undefined, isConditional: false }
    const sets = this.takeWord('update') && this.takeWord('set') ? this.#assignments() : undefined
    const isConditional = this.takeWord('where')
    if (isConditional) this.skipTo(RETURNING)
    return sets && { columns, sets, isConditional }
  }

  #assignments(): readonly Assignment[] | undefined {
    const sets: Assignment[] = []
    do {
      const from = this.at
      const several = this.isSymbol('(') ? this.names() : undefined
      let [table, column] = [undefined as string | undefined, several?.[0] ?? this.name()]
      while (this.takeSymbol('.')) [table, column] = [column, this.name()]
      if (column === undefined || !this.takeSymbol('=')) return undefined
      const value = this.expression()
      for (const each of several ?? [column])
        sets.push({ column: { is: 'column', table, column: each, parts: [], from, to: this.at }, value })
    } while (this.takeSymbol(','))
    return sets
  }

  #returning(): readonly Expression[] {
    return this.takeWord('returning') ? this.#items() : []
  }

  #items(): readonly Expression[] {
    const items: Expression[] = []
    do {
      const item = this.expression()
      this.alias()
      items.push(item)
    } while (this.takeSymbol(','))
    return items
  }

  protected query(): Query {
    const from = this.at
    this.at++
    const isDistinct = this.takeWord('distinct', 'all')
    const items = this.#items()
    const sources = this.takeWord('from') ? this.#sources() : []
    const where = this.takeWord('where') ? this.expression() : undefined
    const end = this.#end()
    const isWhole = this.isAtEnd || this.isSymbol(')')
    if (!isWhole) this.skipTo()
    const { limit, offset, locks } = end ?? NO_END
    const isPlain = isWhole && !isDistinct && sources !== undefined && end !== undefined
    return { from, to: this.at, items, sources: sources ?? [], where, limit, offset, locks, isPlain }
  }

  #end(): End | undefined {
    if (this.isAtEnd || this.isSymbol(')')) return NO_END
    const end: { limit: Operand | undefined; offset: Operand | undefined } = { limit: undefined, offset: undefined }
    const locks: Query['locks'][number][] = []
    for (;;) {
      if (this.takeWord('order')) this.skipTo(AFTER_ORDER)
      else if (this.takeWord('for')) {
        const lock = this.#lock()
        if (lock === undefined) return undefined
        locks.push(lock)
      } else {
        const word = this.takeWord('limit', 'fetch') ? 'limit' : this.takeWord('offset') ? 'offset' : undefined
        if (word === undefined) return { ...end, locks }
        const operand = this.operand()
        this.takeWord('row', 'rows')
        const isKnown = this.isAtEnd || this.isSymbol(')') || this.isWordOf(AFTER_ORDER)
        if (!isKnown) this.skipTo(AFTER_ORDER)
        end[word] = isKnown && operand !== undefined ? operand : UNKNOWN_NUMBER
      }
    }
  }

  #lock(): Query['locks'][number] | undefined {
    this.takeWord('no')
    this.takeWord('key')
    const isForUpdate = this.takeWord('update')
    if (!isForUpdate && !this.takeWord('share')) return undefined
    const of: string[] = []
    if (this.takeWord('of'))
      do of.push(this.lastName() ?? '')
      while (this.takeSymbol(','))
    this.takeWord('nowait')
    return { isForUpdate, of, isSkipping: this.takeWord('skip') && this.takeWord('locked') }
  }

  #sources(): readonly Source[] | undefined {
    const sources: Source[] = []
    let isNatural = false
    do {
      this.takeWord('only')
      const isQuery = this.isSymbol('(')
      const query = isQuery ? this.#inBrackets() : undefined
      const name = isQuery ? undefined : this.lastName()
      if (query === undefined && name === undefined) return undefined
      const alias = this.alias()
      const on = this.takeWord('on') ? this.expression() : undefined
      const isUsing = this.takeWord('using')
      if (isUsing) this.names()
      sources.push({ name, query, alias, on, isMerged: isUsing || isNatural })
      for (isNatural = false; this.isWordOf(JOINING); this.at++) isNatural ||= this.word === 'natural'
    } while (this.takeWord('join') || this.takeSymbol(','))
    return sources
  }
}
