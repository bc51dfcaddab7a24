import type { Compiled } from '../expressions/env.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { isSystemColumn } from '../sql/system-columns.ts'
import { OID } from '../types/oids.ts'
import { type RecordColumn, SqlRecord, type SqlType } from '../types/value.ts'
import type { Body, Variable } from './tree.ts'

/** Finds the variables that a statement in a routine names. Their values are passed as parameters. */
export interface RoutineVariables {
  find(names: readonly string[]): Compiled | undefined
  /** What happens if a variable and a column have the same name: the column is used, or an error is reported. */
  readonly precedence: 'column' | 'error'
  readonly parameterOids: readonly number[]
  /** A text that identifies the names and types of the variables. */
  readonly signature: string
}

/** What the compilation of a statement needs to know about a variable. */
export type Shape =
  | { readonly kind: 'scalar'; readonly type: SqlType }
  | { readonly kind: 'record'; readonly columns: readonly RecordColumn[] | undefined }

export function variablesOf(
  { variables, language, name: routine }: Pick<Body, 'variables' | 'language' | 'name'>,
  shapes: readonly (Shape | undefined)[],
  argumentsOf: readonly number[],
): RoutineVariables {
  const numberOf = (name: string): number => {
    const ordinal = /^\$(\d+)$/.exec(name)?.[1]
    if (ordinal !== undefined) return argumentsOf[Number(ordinal) - 1] ?? -1
    return variables.findIndex((each) => (each.kind === 'scalar' || each.kind === 'record') && each.name === name)
  }
  return {
    signature: signatureOf(variables, shapes),
    precedence: language === 'sql' ? 'column' : 'error',
    parameterOids: argumentsOf.map((at) => {
      const shape = shapes[at]
      return shape?.kind === 'scalar' ? (shape.type.domain ?? shape.type.oid) : 0
    }),
    find(names): Compiled | undefined {
      const [name = '', field, ...others] = names
      const at = numberOf(name)
      if (at < 0 && name === routine && field !== undefined) return this.find(names.slice(1))
      const shape = shapes[at]
      if (shape === undefined || others.length > 0) return undefined
      if (shape.kind === 'scalar')
        return field === undefined ? { type: shape.type, evaluate: (env) => env.parameters[at] ?? null } : undefined
      const { columns } = shape
      if (columns === undefined)
        throw new SqlError('55000', `record "${name}" is not assigned yet`, {
          detail: 'The tuple structure of a not-yet-assigned record is indeterminate.',
        })
      if (field === undefined)
        return {
          type: { oid: OID.record, name: 'record', typmod: -1 },
          columns,
          evaluate: (env) => env.parameters[at] ?? null,
        }
      const place = columns.findIndex((column) => column.name === field)
      const column = columns[place]
      if (column === undefined) throw undefinedField(name, field)
      return {
        type: column.type,
        evaluate: (env) => {
          const record = env.parameters[at]
          return record instanceof SqlRecord ? (record.values[place] ?? null) : null
        },
      }
    },
  }
}

function signatureOf(variables: readonly Variable[], shapes: readonly (Shape | undefined)[]): string {
  return shapes
    .map((shape, at) => {
      const variable = variables[at]
      if (shape === undefined || variable === undefined || !('name' in variable)) return ''
      if (shape.kind === 'scalar') return `${variable.name} ${shape.type.oid}`
      return `${variable.name} ${(shape.columns ?? []).map(({ name, type }) => `${name}:${type.oid}`).join()}`
    })
    .join('|')
}

/** Returns the error for an unknown field. System columns are refused, because trigger rows lack them here. */
export const undefinedField = (record: string, field: string): Error =>
  isSystemColumn(field)
    ? new NotSupported(`the system column ${field} of ${record}`)
    : new SqlError('42703', `record "${record}" has no field "${field}"`)
