import { columnNamed } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, optionsOf, refuseRest } from '../sql/nodes.ts'
import { undefinedRelation } from '../sql/undefined.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Coroutine } from '../storage/wait.ts'
import { OID } from '../types/oids.ts'
import { freeName, relationOf } from './names.ts'

const LARGEST = 2n ** 63n - 1n

const MAXIMA: ReadonlyMap<number, bigint> = new Map([
  [OID.int2, 32_767n],
  [OID.int4, 2_147_483_647n],
  [OID.int8, LARGEST],
])

export function newSequence(schema: string, name: string, typeOid: number, run: Run): Sequence {
  return {
    oid: run.store.nextOid(),
    schema,
    name,
    typeOid,
    start: 1n,
    increment: 1n,
    minimum: 1n,
    maximum: MAXIMA.get(typeOid) ?? LARGEST,
    cycle: false,
    lastValue: 1n,
    isCalled: false,
    owner: undefined,
  }
}

export function* createSequence(fields: Fields<'CreateSeqStmt'>, context: Context, run: Run): Coroutine<string> {
  const { sequence, options, if_not_exists, ...rest } = fields
  refuseRest('CreateSeqStmt', rest)
  const free = yield* freeName(sequence, if_not_exists === true, context, run)
  if (free === undefined) return 'CREATE SEQUENCE'
  const created = newSequence(free.schema, free.name, OID.int8, run)
  sequenceOptions(created, options, context, true)
  yield* run.catalogue.create(created, run)
  return 'CREATE SEQUENCE'
}

export function alterSequence(fields: Fields<'AlterSeqStmt'>, context: Context, run: Run): string {
  const { sequence, options, missing_ok, ...rest } = fields
  refuseRest('AlterSeqStmt', rest)
  const found = context.sequence(sequence?.schemaname, sequence?.relname ?? '')
  if (found === undefined) {
    if (missing_ok === true) return 'ALTER SEQUENCE'
    throw undefinedRelation([sequence?.schemaname, sequence?.relname ?? ''])
  }
  const before = { ...found }
  run.transaction.current.undo.push(() => Object.assign(found, before))
  sequenceOptions(found, options, context, false)
  return 'ALTER SEQUENCE'
}

/** Applies the options of CREATE SEQUENCE or ALTER SEQUENCE (init_params in sequence.c). */
export function sequenceOptions(
  sequence: Sequence,
  options: readonly Node[] | undefined,
  context: Context,
  isNew: boolean,
): void {
  const given = new Map(optionsOf(options))
  for (const name of given.keys()) if (!OPTIONS.has(name)) throw new NotSupported(`${name} of a sequence`)
  const number = (name: string): bigint | undefined =>
    given.get(name) === undefined ? undefined : integer(given.get(name))
  const isReset = (name: string): boolean => isNew || given.has(name)
  const type = given.get('as')
  if (type !== undefined) sequence.typeOid = resolveTypeName(expectKind(type, 'TypeName'), context).oid
  const largest = MAXIMA.get(sequence.typeOid) ?? LARGEST
  sequence.increment = number('increment') ?? sequence.increment
  if (sequence.increment === 0n) throw new SqlError('22023', 'INCREMENT must not be zero')
  const isAscending = sequence.increment > 0n
  if (isReset('minvalue')) sequence.minimum = number('minvalue') ?? (isAscending ? 1n : -largest - 1n)
  if (isReset('maxvalue') || (type !== undefined && isAscending))
    sequence.maximum = number('maxvalue') ?? (isAscending ? largest : -1n)
  if (sequence.minimum >= sequence.maximum)
    throw new SqlError('22023', `MINVALUE (${sequence.minimum}) must be less than MAXVALUE (${sequence.maximum})`)
  const cycle = given.get('cycle')
  if (given.has('cycle'))
    sequence.cycle = cycle === undefined || !('Boolean' in cycle) || cycle.Boolean.boolval === true
  const first = isAscending ? sequence.minimum : sequence.maximum
  sequence.start = number('start') ?? (isNew ? first : sequence.start)
  requireWithin('START', sequence.start, sequence)
  if (isNew || given.has('restart')) {
    sequence.lastValue = number('restart') ?? sequence.start
    sequence.isCalled = false
  }
  requireWithin('RESTART', sequence.lastValue, sequence)
  const owner = given.get('owned_by')
  if (owner !== undefined) sequence.owner = ownerOf(owner, context)
}

const OPTIONS: ReadonlySet<string> = new Set(
  'as start restart increment minvalue maxvalue cycle cache owned_by sequence_name'.split(' '),
)

function ownerOf(node: Node, context: Context): Sequence['owner'] {
  const names = namesOf(expectKind(node, 'List').items)
  const [column = '', table = '', schemaname] = names.toReversed()
  if (names.length === 1 && column === 'none') return undefined
  if (names.length === 1)
    throw new SqlError('42601', 'invalid OWNED BY option', { hint: 'Specify OWNED BY table.column or OWNED BY NONE.' })
  const found = relationOf({ relname: table, ...(schemaname === undefined ? {} : { schemaname }) }, context)
  return { table: found, attribute: columnNamed(found, column).attribute }
}

function requireWithin(what: 'START' | 'RESTART', value: bigint, { minimum, maximum }: Sequence): void {
  if (value < minimum) throw new SqlError('22023', `${what} value (${value}) cannot be less than MINVALUE (${minimum})`)
  if (value > maximum)
    throw new SqlError('22023', `${what} value (${value}) cannot be greater than MAXVALUE (${maximum})`)
}

function integer(node: Node | undefined): bigint {
  if (node !== undefined && 'Integer' in node) return BigInt(node.Integer.ival ?? 0)
  if (node !== undefined && 'Float' in node) return BigInt(node.Float.fval ?? '0')
  throw new NotSupported('an option of a sequence whose value is not a number')
}
