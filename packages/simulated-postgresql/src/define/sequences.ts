import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, fieldsOf, type Node } from '../sql/nodes.ts'
import { undefinedRelation } from '../sql/undefined.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Wait } from '../storage/wait.ts'
import { OID } from '../types/oids.ts'
import { freeName } from './names.ts'

const MAXIMA: ReadonlyMap<number, bigint> = new Map([
  [OID.int2, 32_767n],
  [OID.int4, 2_147_483_647n],
  [OID.int8, 2n ** 63n - 1n],
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
    maximum: MAXIMA.get(typeOid) ?? 2n ** 63n - 1n,
    cycle: false,
    lastValue: 1n,
    isCalled: false,
    owner: undefined,
  }
}

export function* createSequence(
  fields: Fields<'CreateSeqStmt'>,
  context: Context,
  run: Run,
): Generator<Wait, void, void> {
  const { sequence, options, if_not_exists } = fieldsOf('CreateSeqStmt', fields, [
    'sequence',
    'options',
    'if_not_exists',
  ])
  const free = yield* freeName(sequence, if_not_exists === true, context, run)
  if (free === undefined) return
  const created = newSequence(free.schema, free.name, OID.int8, run)
  sequenceOptions(created, options, context)
  yield* run.catalogue.create(created, run)
}

export function alterSequence(fields: Fields<'AlterSeqStmt'>, context: Context, run: Run): string {
  const { sequence, options, missing_ok } = fieldsOf('AlterSeqStmt', fields, ['sequence', 'options', 'missing_ok'])
  const found = context.sequence(sequence?.schemaname, sequence?.relname ?? '')
  if (found === undefined) {
    if (missing_ok === true) return 'ALTER SEQUENCE'
    throw undefinedRelation([sequence?.schemaname, sequence?.relname ?? ''])
  }
  const before = { ...found }
  sequenceOptions(found, options, context)
  run.transaction.current.undo.push(() => Object.assign(found, before))
  return 'ALTER SEQUENCE'
}

/** Applies START, INCREMENT, MINVALUE, MAXVALUE, CYCLE, CACHE, AS, RESTART and OWNED BY. */
export function sequenceOptions(sequence: Sequence, options: readonly Node[] | undefined, context: Context): void {
  let start: bigint | undefined
  let restart: bigint | undefined
  let bounds = false
  for (const node of options ?? []) {
    const { defname = '', arg } = fieldsOf('DefElem', expectKind(node, 'DefElem'), ['defname', 'arg'])
    switch (defname) {
      case 'as':
        sequence.typeOid = resolveTypeName(expectKind(arg, 'TypeName'), context).oid
        sequence.maximum = MAXIMA.get(sequence.typeOid) ?? sequence.maximum
        break
      case 'start':
        start = integer(arg)
        break
      case 'restart':
        restart = arg === undefined ? sequence.start : integer(arg)
        break
      case 'increment':
        sequence.increment = integer(arg)
        if (sequence.increment === 0n) throw new SqlError('22023', 'INCREMENT must not be zero')
        break
      case 'minvalue':
        if (arg !== undefined) sequence.minimum = integer(arg)
        bounds ||= arg !== undefined
        break
      case 'maxvalue':
        if (arg !== undefined) sequence.maximum = integer(arg)
        break
      case 'cycle':
        sequence.cycle = arg === undefined || !('Boolean' in arg) || arg.Boolean.boolval === true
        break
      case 'cache':
      case 'owned_by':
      case 'sequence_name':
        break
      default:
        throw new NotSupported(`${defname} of a sequence`)
    }
  }
  if (sequence.increment < 0n && !bounds) {
    sequence.minimum = -sequence.maximum - 1n
    sequence.maximum = -1n
  }
  if (start !== undefined || options === undefined || !sequence.isCalled) {
    sequence.start = start ?? (sequence.increment > 0n ? sequence.minimum : sequence.maximum)
    if (!sequence.isCalled) sequence.lastValue = sequence.start
  }
  if (restart !== undefined) {
    sequence.lastValue = restart
    sequence.isCalled = false
  }
}

function integer(node: Node | undefined): bigint {
  if (node !== undefined && 'Integer' in node) return BigInt(node.Integer.ival ?? 0)
  if (node !== undefined && 'Float' in node) return BigInt(node.Float.fval ?? '0')
  throw new NotSupported('an option of a sequence whose value is not a number')
}
