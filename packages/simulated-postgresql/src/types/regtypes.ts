import { NotSupported, SqlError } from '../sql/error.ts'
import { undefinedTypeText } from '../sql/undefined.ts'
import { ByteWriter } from './bytes.ts'
import { asNumber, type Behaviour, behaviour, read } from './definitions.ts'
import { formatType, quoteIdentifier, typeOfText } from './format-type.ts'
import { OID } from './oids.ts'
import type { TextContext } from './registry.ts'

/** Returns the behaviour of an oid type that prints names. */
function named(
  find: (text: string, context: TextContext) => number,
  name: (oid: number, context: TextContext) => string | undefined,
): Behaviour {
  return behaviour(asNumber, {
    input: (text, context) => (/^\d+$/.test(text) ? Number(text) : text === '-' ? 0 : find(text, context)),
    output: (oid, context) => (oid === 0 ? '-' : (name(oid, context) ?? oid.toString())),
    receive: (bytes) => read(bytes, (reader) => reader.uint32()),
    send: (oid) => {
      const writer = new ByteWriter()
      writer.int32(oid | 0)
      return writer.bytes()
    },
    compare: (a, b) => a - b,
  })
}

const NAMESPACES: ReadonlyMap<string, number> = new Map([
  ['pg_catalog', 11],
  ['pg_toast', 99],
  ['public', 2200],
  ['information_schema', 13000],
])

function findNamespace(text: string): number {
  const oid = NAMESPACES.get(text)
  if (oid === undefined) throw new SqlError('3F000', `schema "${text}" does not exist`)
  return oid
}

function findType(text: string, context: TextContext): number {
  const oid = typeOfText(context.types, text)
  if (oid === undefined) throw undefinedTypeText(text)
  return oid
}

function findRelation(text: string, context: TextContext): number {
  if (context.relation === undefined) throw new NotSupported('regclass')
  return context.relation(text)
}

const refuse = (what: string) => (): never => {
  throw new NotSupported(what)
}

export function registryBehaviours(): ReadonlyMap<number, Behaviour> {
  const namespace = (oid: number) => [...NAMESPACES].find(([, value]) => value === oid)?.[0]
  return new Map([
    [OID.regproc, named(refuse('the input of a regproc'), () => undefined)],
    [OID.regclass, named(findRelation, (oid, context) => context.relationName?.(oid))],
    [
      OID.regtype,
      named(findType, (oid, context) => (context.types.find(oid) ? formatType(context.types, oid) : undefined)),
    ],
    [
      OID.regnamespace,
      named(findNamespace, (oid) => {
        const name = namespace(oid)
        return name === undefined ? undefined : quoteIdentifier(name)
      }),
    ],
    [OID.regrole, named(refuse('the input of a regrole'), () => undefined)],
  ])
}
