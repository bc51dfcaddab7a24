import { columnNamed, columnsOf } from '../catalogue/table.ts'
import { relationOf } from '../define/names.ts'
import { isPlanned } from '../execute/plan.ts'
import { NotSupported } from '../sql/error.ts'
import { type Fields, type Node, namesOf, optionsOf, refuseRest } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Rows } from '../types/value.ts'
import type { Host } from './host.ts'
import type { CopyFormat, Execution, Outcome } from './session.ts'

export function* copy(fields: Fields<'CopyStmt'>, host: Host, statement: Statement): Coroutine<Outcome> {
  const { query: given, is_from, options, filename, ...rest } = fields
  refuseRest('CopyStmt', rest, ['relation', 'attlist', 'is_program'])
  if (filename !== undefined) throw new NotSupported('COPY of a file of the server')
  const format = formatOf(options)
  if (is_from === true) return yield* copyIn(host, fields, statement, format)
  const query = given ?? selectOf(host, fields)
  if (!isPlanned(query)) throw new NotSupported('COPY of a statement that is not a query')
  const { rows, plan } = yield* host.runner.run(() => host.planner.compile({ ...statement, node: query }, []).plan, [])
  return { kind: 'copyOut', tag: `COPY ${rows.length}`, format, columns: plan.columns ?? [], rows }
}

function columnNames(host: Host, fields: Fields<'CopyStmt'>): readonly string[] {
  if (fields.attlist !== undefined) return namesOf(fields.attlist)
  const table = relationOf(fields.relation, host.planner.newContext())
  return columnsOf(table)
    .filter((column) => column.generated === undefined)
    .map((column) => column.name)
}

function selectOf(host: Host, fields: Fields<'CopyStmt'>): Node {
  if (fields.relation === undefined) throw new NotSupported('COPY of nothing')
  return {
    SelectStmt: {
      targetList: columnNames(host, fields).map((name) => ({
        ResTarget: { val: { ColumnRef: { fields: [{ String: { sval: name } }] } } },
      })),
      fromClause: [{ RangeVar: fields.relation }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  }
}

function* copyIn(host: Host, fields: Fields<'CopyStmt'>, statement: Statement, format: CopyFormat): Coroutine<Outcome> {
  host.transactions.refuseReadOnly('COPY FROM')
  const { relation } = fields
  if (relation === undefined) throw new NotSupported('COPY of nothing')
  const context = host.planner.newContext()
  const table = relationOf(relation, context)
  if (
    table.triggers.some(({ timing, level, events }) => events.has('INSERT') && (timing !== 'BEFORE' || level !== 'ROW'))
  )
    throw new NotSupported('COPY into a table with AFTER or statement-level triggers')
  const columns = columnNames(host, fields).map((name) => columnNamed(table, name))
  const insert: Node = {
    InsertStmt: {
      relation,
      cols: columns.map(({ name }) => ({ ResTarget: { name } })),
      selectStmt: {
        SelectStmt: {
          valuesLists: [{ List: { items: columns.map((_, at) => ({ ParamRef: { number: at + 1 } })) } }],
          limitOption: 'LIMIT_OPTION_DEFAULT',
          op: 'SETOP_NONE',
        },
      },
      override: 'OVERRIDING_SYSTEM_VALUE',
    },
  }
  const { plan } = yield* host.compile(
    { ...statement, node: insert },
    columns.map((column) => column.type.oid),
  )
  if (plan === undefined) throw new NotSupported('COPY into a relation of this kind')
  return {
    kind: 'copyIn',
    format,
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type,
      tableOid: table.oid,
      attribute: column.attribute,
    })),
    *finish(rows: Rows): Execution {
      try {
        for (const row of rows) yield* host.runner.run(() => plan, row)
        return { kind: 'done', tag: `COPY ${rows.length}` }
      } catch (error) {
        host.fail()
        throw error
      }
    },
  }
}

function formatOf(options: readonly Node[] | undefined): CopyFormat {
  let format: CopyFormat['format'] = 'text'
  let delimiter: string | undefined
  let nullText: string | undefined
  let header = false
  for (const [defname, arg] of optionsOf(options)) {
    const text = arg === undefined ? 'true' : optionText(arg)
    if (defname === 'format' && (text === 'text' || text === 'csv' || text === 'binary')) format = text
    else if (defname === 'delimiter') delimiter = text
    else if (defname === 'null') nullText = text
    else if (defname === 'header') header = text !== 'false' && text !== 'off' && text !== '0'
    else if (defname !== 'freeze' && defname !== 'encoding') throw new NotSupported(`${defname} of COPY`)
  }
  return {
    format,
    delimiter: delimiter ?? (format === 'csv' ? ',' : '\t'),
    null: nullText ?? (format === 'csv' ? '' : '\\N'),
    header,
  }
}

function optionText(node: Node): string {
  if ('String' in node) return node.String.sval ?? ''
  if ('Boolean' in node) return String(node.Boolean.boolval === true)
  if ('Integer' in node) return String(node.Integer.ival ?? 0)
  throw new NotSupported('an option of COPY with a value other than a string, integer or boolean')
}
