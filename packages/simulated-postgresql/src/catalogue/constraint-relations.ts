import { NotSupported } from '../sql/error.ts'
import type { Index } from '../storage/model.ts'
import { quoteIdentifier } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import { SqlArray, type SqlValue } from '../types/value.ts'
import { checkText } from './check-text.ts'
import { OF_TABLE, yesOrNo } from './information-schema.ts'
import { always, type CatalogueView, type Field, type Relation, relation, tablesIn } from './relation.ts'
import { type Check, columnsOf, type ForeignKey, kindOfRelation, type ReferentialAction, type Table } from './table.ts'

interface Constraint {
  readonly table: Table
  readonly oid: number
  readonly name: string
  readonly type: 'c' | 'f' | 'n' | 'p' | 'u' | 'x'
  readonly places: readonly number[]
  readonly index: Index | undefined
  readonly key: ForeignKey | undefined
  readonly check: Check | undefined
}

/** Returns a made-up oid for a NOT NULL constraint. Real oids of such constraints are not simulated. */
const notNullOid = (table: Table, attribute: number): number => 2 ** 31 + (table.oid % 2 ** 20) * 2_000 + attribute

function constraintsOf(table: Table): readonly Constraint[] {
  const none = { table, index: undefined, key: undefined, check: undefined }
  const keys = table.indexes.filter((index) => index.constraint && index.ofPartition !== true)
  return [
    ...keys.map(
      (index): Constraint => ({
        ...{ ...none, oid: index.oid, name: index.name, index },
        type: index.primary ? 'p' : index.excludes === undefined ? 'u' : 'x',
        places: index.columns.flatMap((place) => place ?? []),
      }),
    ),
    ...table.foreignKeys
      .filter(({ partition }) => partition === undefined)
      .map(
        (key): Constraint => ({
          ...none,
          oid: key.oid,
          name: key.name,
          type: 'f',
          places: key.columns,
          key,
          index: key.index,
        }),
      ),
    ...table.checks.map(
      (check): Constraint => ({
        ...none,
        oid: check.oid,
        name: check.name,
        type: 'c',
        places: [...check.places],
        check,
      }),
    ),
    ...columnsOf(table)
      .filter(({ notNull }) => notNull)
      .map(
        ({ name, attribute }): Constraint => ({
          ...{ ...none, oid: notNullOid(table, attribute), name: `${table.name}_${name}_not_null` },
          ...{ type: 'n', places: [attribute - 1] },
        }),
      ),
  ]
}

const constraintsIn = (view: CatalogueView): readonly Constraint[] =>
  tablesIn(view)
    .filter((table) => kindOfRelation(table) === 'table')
    .flatMap(constraintsOf)

/** Returns the constraints of tables. Throws if a domain has constraints, because the simulator gives these no oids. */
function allConstraintsIn(view: CatalogueView): readonly Constraint[] {
  if ([...view.catalogue.domains.values()].some(({ checks, isNotNull }) => checks.length > 0 || isNotNull))
    throw new NotSupported('pg_constraint with constraints of domains')
  return constraintsIn(view)
}

const ACTIONS: Readonly<Record<ReferentialAction, string>> = {
  'no action': 'a',
  restrict: 'r',
  cascade: 'c',
  'set null': 'n',
  'set default': 'd',
}

const attributes = (places: readonly number[]): SqlArray =>
  new SqlArray(
    OID.int2,
    places.map((place) => place + 1),
  )

const deferrable = ({ type, index, key }: Constraint): boolean => (type === 'f' ? key : index)?.deferrable === true
const deferred = ({ type, index, key }: Constraint): boolean => (type === 'f' ? key : index)?.initiallyDeferred === true

export const pgConstraint = (namespaceOf: (view: CatalogueView, schema: string) => number): Relation =>
  relation('pg_constraint', allConstraintsIn, [
    ['oid', 'oid', 'oid'],
    ['conname', 'name', 'name'],
    ['connamespace', 'oid', ({ table }, view) => namespaceOf(view, table.schema)],
    ['contype', 'char', 'type'],
    ['condeferrable', 'bool', deferrable],
    ['condeferred', 'bool', deferred],
    ['convalidated', 'bool', ({ check, key }) => (check ?? key)?.validated !== false],
    ...always('bool', true, 'conenforced', 'conislocal'),
    ['conrelid', 'oid', ({ table }) => table.oid],
    ...always('oid', 0, 'contypid', 'conparentid'),
    ['conindid', 'oid', ({ index }) => index?.oid ?? 0],
    ['confrelid', 'oid', ({ key }) => key?.referenced.oid ?? 0],
    ['confupdtype', 'char', ({ key }) => (key === undefined ? ' ' : ACTIONS[key.onUpdate])],
    ['confdeltype', 'char', ({ key }) => (key === undefined ? ' ' : ACTIONS[key.onDelete])],
    ['confmatchtype', 'char', ({ key }) => (key === undefined ? ' ' : key.matchFull ? 'f' : 's')],
    ...always('int2', 0, 'coninhcount'),
    ['connoinherit', 'bool', ({ type }) => type !== 'c' && type !== 'n'],
    ...always('bool', false, 'conperiod'),
    ['conkey', '_int2', ({ places }) => attributes(places)],
    ['confkey', '_int2', ({ key }) => (key === undefined ? null : attributes(key.referencedColumns))],
  ])

/** Returns the text that PostgreSQL shows for the constraint with this oid, such as `CHECK ((v > 0))`. */
export function constraintDefinition(
  oid: number,
  view: Pick<CatalogueView, 'catalogue' | 'own' | 'types' | 'relationName'>,
): string | null {
  for (const table of view.catalogue.visibleTables(view.own))
    for (const each of constraintsOf(table)) if (each.oid === oid) return definition(each, view)
  return null
}

function definition(constraint: Constraint, view: Pick<CatalogueView, 'types' | 'relationName'>): string {
  const { table, type, places, index, key, check } = constraint
  const listed = (of: Table, all: readonly number[]): string =>
    `(${all.map((place) => quoteIdentifier(of.columns[place]?.name ?? '')).join(', ')})`
  const ending = `${deferrable(constraint) ? ' DEFERRABLE' : ''}${deferred(constraint) ? ' INITIALLY DEFERRED' : ''}`
  if (check !== undefined) {
    const text = checkText(check.expression, table, view.types)
    if (text === undefined) throw new NotSupported(`the text of the constraint ${check.name}`)
    return `CHECK (${text})${check.validated ? '' : ' NOT VALID'}`
  }
  if (key !== undefined) {
    const { referenced, onUpdate, onDelete } = key
    const actions = [
      ...(onUpdate === 'no action' ? [] : [` ON UPDATE ${onUpdate.toUpperCase()}`]),
      ...(onDelete === 'no action' ? [] : [` ON DELETE ${onDelete.toUpperCase()}`]),
    ]
    const target = `${view.relationName(referenced.oid) ?? ''}${listed(referenced, key.referencedColumns)}`
    const match = key.matchFull ? ' MATCH FULL' : ''
    return `FOREIGN KEY ${listed(table, places)} REFERENCES ${target}${match}${actions.join('')}${ending}${key.validated ? '' : ' NOT VALID'}`
  }
  if (type === 'n') return `NOT NULL ${quoteIdentifier(table.columns[places[0] ?? -1]?.name ?? '')}`
  if (type === 'x' || index === undefined) throw new NotSupported('the text of an exclusion constraint')
  const included = index.included.flatMap((place) => place ?? [])
  const word = type === 'p' ? 'PRIMARY KEY' : `UNIQUE${index.nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}`
  return `${word} ${listed(table, places)}${included.length === 0 ? '' : ` INCLUDE ${listed(table, included)}`}${ending}`
}

const TYPES = { c: 'CHECK', n: 'CHECK', f: 'FOREIGN KEY', p: 'PRIMARY KEY', u: 'UNIQUE', x: '' } as const

const named = <Row>(of: (row: Row) => Constraint): readonly Field<Row>[] => [
  ['constraint_catalog', 'name', (_, { database }) => database],
  ['constraint_schema', 'name', (row) => of(row).table.schema],
  ['constraint_name', 'name', (row) => of(row).name],
]

const standardIn = (view: CatalogueView): readonly Constraint[] =>
  constraintsIn(view).filter(({ type }) => type !== 'x')

const tableConstraints = relation('table_constraints', standardIn, [
  ...named((row: Constraint) => row),
  ...OF_TABLE,
  ['constraint_type', 'varchar', ({ type }) => TYPES[type]],
  ['is_deferrable', 'varchar', (row) => yesOrNo(deferrable(row))],
  ['initially_deferred', 'varchar', (row) => yesOrNo(deferred(row))],
  ...always('varchar', 'YES', 'enforced'),
  ['nulls_distinct', 'varchar', ({ type, index }) => (type === 'u' ? yesOrNo(index?.nullsNotDistinct !== true) : null)],
])

interface ConstraintColumn {
  readonly of: Constraint
  readonly table: Table
  readonly place: number
  /** From 0. */
  readonly at: number
}

const columnName = ({ table, place }: ConstraintColumn): SqlValue => table.columns[place]?.name ?? null

const keyColumnUsage = relation(
  'key_column_usage',
  (view) =>
    standardIn(view)
      .filter(({ type }) => type === 'p' || type === 'u' || type === 'f')
      .flatMap((of) => of.places.map((place, at): ConstraintColumn => ({ of, table: of.table, place, at }))),
  [
    ...named(({ of }: ConstraintColumn) => of),
    ...OF_TABLE,
    ['column_name', 'name', columnName],
    ['ordinal_position', 'int4', ({ at }) => at + 1],
    [
      'position_in_unique_constraint',
      'int4',
      ({ of: { key }, at }) => (key === undefined ? null : key.index.columns.indexOf(key.referencedColumns[at]) + 1),
    ],
  ],
)

const constraintColumnUsage = relation(
  'constraint_column_usage',
  (view) =>
    standardIn(view).flatMap((of) => {
      const [table, places] =
        of.key === undefined ? [of.table, of.places] : [of.key.referenced, of.key.referencedColumns]
      return places.map((place, at): ConstraintColumn => ({ of, table, place, at }))
    }),
  [...OF_TABLE, ['column_name', 'name', columnName], ...named(({ of }: ConstraintColumn) => of)],
)

const referentialConstraints = relation(
  'referential_constraints',
  (view) => constraintsIn(view).filter(({ type }) => type === 'f'),
  [
    ...named((row: Constraint) => row),
    ['unique_constraint_catalog', 'name', ({ index }, { database }) => (index?.constraint ? database : null)],
    [
      'unique_constraint_schema',
      'name',
      ({ index, key }) => (index?.constraint ? (key?.referenced.schema ?? null) : null),
    ],
    ['unique_constraint_name', 'name', ({ index }) => (index?.constraint ? index.name : null)],
    ['match_option', 'varchar', ({ key }) => (key?.matchFull === true ? 'FULL' : 'NONE')],
    ['update_rule', 'varchar', ({ key }) => key?.onUpdate.toUpperCase() ?? null],
    ['delete_rule', 'varchar', ({ key }) => key?.onDelete.toUpperCase() ?? null],
  ],
)

const checkConstraints = relation(
  'check_constraints',
  (view) => allConstraintsIn(view).filter(({ type }) => type === 'c' || type === 'n'),
  [
    ...named((row: Constraint) => row),
    [
      'check_clause',
      'varchar',
      (row, view) =>
        row.type === 'n'
          ? `${row.table.columns[row.places[0] ?? -1]?.name} IS NOT NULL`
          : definition(row, view)
              .replace(/^CHECK \(/, '')
              .replace(/\)(?: NOT VALID)?$/, ''),
      'may refuse',
    ],
  ],
)

export const CONSTRAINT_RELATIONS: readonly Relation[] = [
  tableConstraints,
  keyColumnUsage,
  constraintColumnUsage,
  referentialConstraints,
  checkConstraints,
]
